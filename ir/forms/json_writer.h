/// \file Writes the JSON form of what a description (ir/forms/json_form.h) says, in its order; fields with their defaults are left out.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ir/forms/json_archive.h"

namespace resnetc::json_form {

/// A JSON string in quotes. JSON strings cannot hold arbitrary bytes: each byte that is not part of valid UTF-8 becomes a character from
/// U+EF80 to U+EFFF, and so do the bytes of these characters themselves.
std::string quoted(std::string_view bytes);
/// The bytes from which quoted() made the string's content.
std::string unquoted(std::string content);
/// The shortest decimal that reads back as the same double.
std::string number(double value);

class Writer final : public Archive {
 public:
  Writer();
  ~Writer();

  /// The text of one object. It ends with a newline.
  std::string text(Run fields);

  void level(std::string_view level) override;
  bool writes() const override { return true; }

  // For codecs.

  void object(Run fields);
  void list(size_t count, RunEach element);
  /// A value in JSON.
  void raw(const std::string& value);

 private:
  void add_field(std::string_view key, const Value& value, std::string_view description) override;
  void add_optional(std::string_view key, const Value& value, bool is_normal, std::string_view description) override;
  void add_choice(std::string_view key, const Value& value, std::span<const std::string_view> names, std::string_view description,
                  RunEach choose, Run fields) override;

  struct Output;  ///< LLVM's, whose headers are long
  std::unique_ptr<Output> output_;
};

}  // namespace resnetc::json_form
