/// \file Reads the JSON form, of untrusted origin, of what a description (ir/forms/json_form.h) says. The first failure sticks, as with
/// text::Cursor: from then on nothing is read, and finish() reports it where it stands.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/forms/json_archive.h"
#include "ir/forms/json_tree.h"
#include "ir/forms/text_forms.h"
#include "support/diagnostics.h"

namespace resnetc::json_form {

class Reader final : public Archive {
 public:
  Reader(FileId file, Diagnostics& diagnostics);

  /// Reads the only object of the text.
  void text(Run fields) {
    if (!failed()) object(fields);
  }

  void level(std::string_view level) override;
  Reader* reader() override { return this; }

  // For descriptions that check what they read.

  bool failed() const { return !why_.empty(); }
  /// Fails at a field that has been read from the current object.
  void fail_at(std::string_view key, std::string why);
  /// Records that the current object is the next part of its kind.
  void mark(Finding::Part part) { parts_[static_cast<size_t>(part)].push_back(frame_.object); }
  /// Reports the failure, or the fault that the verifier found if there was no failure. Returns whether there was neither.
  template <class Verify>
  bool finish(Verify verify) {
    if (!failed()) fault_ = verify();
    return report();
  }

  // For codecs: each function returns the current value in its type. If the value has another type, it fails with `expected` and returns
  // nothing.

  std::optional<std::string> string(std::string_view expected);
  std::optional<int64_t> integer(std::string_view expected);
  std::optional<double> real(std::string_view expected);
  std::optional<bool> boolean(std::string_view expected);
  bool is_null() const { return tree_->text(at_) == "null"; }

  /// Fails at the current value.
  void fail(std::string why);
  /// Fails within the current string, at an offset of its content.
  void fail_within(size_t offset, std::string why);
  FileId file_named(std::string name);

  void object(Run fields);

  /// Whether the current value is an array of `count` elements.
  bool has_elements(size_t count) const;

  /// Calls `element` for each element of an array, which is the current value then.
  void list(std::string_view expected, Run element);

 private:
  /// An object that is being read, and the fields that have been asked for so far: it may have no others.
  struct Frame {
    Tree::Id object = 0;
    std::vector<std::string_view> known;
  };

  void add_field(std::string_view key, const Value& value, std::string_view description) override;
  void add_optional(std::string_view key, const Value& value, bool is_normal, std::string_view description) override;
  void add_choice(std::string_view key, const Value& value, std::span<const std::string_view> names, std::string_view description,
                  RunEach choose, Run fields) override;

  /// Makes the field's value the current value, if the object has the field.
  bool enter(std::string_view key);
  void missing(std::string_view key);
  void refuse_unknown();
  bool expect(Tree::Kind kind, std::string_view expected);
  void fail_in_text(size_t offset, size_t length, std::string why);
  bool report();

  FileId file_;
  Diagnostics& diagnostics_;
  text::FileTable files_;
  std::optional<Tree> tree_;
  Tree::Id at_ = 0;
  Frame frame_;
  std::string why_;
  size_t failed_at_ = 0, failed_length_ = 0;
  std::optional<Finding> fault_;
  std::array<std::vector<Tree::Id>, Finding::part_kinds> parts_;  ///< indexed by Finding::Part
};

}  // namespace resnetc::json_form
