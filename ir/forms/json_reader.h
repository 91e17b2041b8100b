/// \file Reads the JSON form, of untrusted origin, of what a description (ir/forms/json_form.h) says. The first failure sticks, as with
/// text::Cursor: from then on nothing is read, and finish() reports it where it stands.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/forms/json_tree.h"
#include "ir/forms/text_forms.h"
#include "support/diagnostics.h"

namespace resnetc::json_form {

class Reader {
 public:
  static constexpr bool writes = false, reads = true;

  Reader(FileId file, Diagnostics& diagnostics);

  /// Reads the only object of the text.
  template <class Fields>
  void text(Fields fields) {
    if (!failed()) object(fields);
  }

  void level(std::string_view level);

  template <class T, class Codec>
  void field(std::string_view key, T& value, const Codec& codec, std::string_view) {
    if (enter(key)) {
      codec.read(*this, value);
    } else if (!failed()) {
      missing(key);
    }
  }

  template <class T, class Normal, class Codec>
  void optional(std::string_view key, T& value, const Normal&, const Codec& codec, std::string_view) {
    if (enter(key)) codec.read(*this, value);
  }

  template <class T, class Codec, class Fields>
  void choice(std::string_view key, T& value, const Codec& codec, std::string_view description, Fields fields) {
    field(key, value, codec, description);
    if (!failed()) fields();
  }

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

  template <class Fields>
  void object(Fields fields) {
    Frame outer = std::exchange(frame_, Frame{at_, {}});
    if (expect(Tree::Kind::object, "expected an object")) fields();
    if (!failed()) refuse_unknown();
    frame_ = std::move(outer);
  }

  /// Whether the current value is an array of `count` elements.
  bool has_elements(size_t count) const;

  template <class T, class Codec>
  void list(std::vector<T>& values, const Codec& codec, std::string_view expected) {
    const Tree::Id array = at_;
    if (!expect(Tree::Kind::array, expected)) return;
    const Tree::Id end = tree_->next(array);
    for (Tree::Id element = array + 1; element != end && !failed(); element = tree_->next(element)) {
      at_ = element;
      codec.read(*this, values.emplace_back());
    }
  }

 private:
  /// An object that is being read, and the fields that have been asked for so far: it may have no others.
  struct Frame {
    Tree::Id object = 0;
    std::vector<std::string_view> known;
  };

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
