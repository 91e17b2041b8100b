/// \file Writes the JSON form of what a description (ir/forms/json_form.h) says, in its order; fields with their defaults are left out.
#pragma once

#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include <string>
#include <string_view>

namespace resnetc::json_form {

/// A JSON string in quotes. JSON strings cannot hold arbitrary bytes: each byte that is not part of valid UTF-8 becomes a character from
/// U+EF80 to U+EFFF, and so do the bytes of these characters themselves.
std::string quoted(std::string_view bytes);
/// The bytes from which quoted() made the string's content.
std::string unquoted(std::string content);
/// The shortest decimal that reads back as the same double.
std::string number(double value);

class Writer {
 public:
  static constexpr bool writes = true, reads = false;

  /// The text of one object. It ends with a newline.
  template <class Fields>
  std::string text(Fields fields) {
    object(fields);
    stream_ << "\n";
    return std::move(text_);
  }

  void level(std::string_view level) {
    out_.attributeBegin("level");
    out_.rawValue(quoted(level));
    out_.attributeEnd();
  }

  template <class T, class Codec>
  void field(std::string_view key, T& value, const Codec& codec, std::string_view) {
    out_.attributeBegin(llvm::StringRef(key.data(), key.size()));
    put(value, codec);
    out_.attributeEnd();
  }

  template <class T, class Normal, class Codec>
  void optional(std::string_view key, T& value, const Normal& normal, const Codec& codec, std::string_view description) {
    if (value != normal) field(key, value, codec, description);
  }

  template <class T, class Codec, class Fields>
  void choice(std::string_view key, T& value, const Codec& codec, std::string_view description, Fields fields) {
    field(key, value, codec, description);
    fields();
  }

  // For codecs.

  template <class Fields>
  void object(Fields fields) {
    out_.objectBegin();
    fields();
    out_.objectEnd();
  }

  template <class T, class Codec>
  void list(T& values, const Codec& codec) {
    out_.arrayBegin();
    for (auto& value : values) put(value, codec);
    out_.arrayEnd();
  }

  template <class T, class Codec>
  void put(T& value, const Codec& codec) {
    if constexpr (requires { codec.print(value); }) {
      out_.rawValue(codec.print(value));
    } else {
      codec.write(*this, value);
    }
  }

 private:
  std::string text_;
  llvm::raw_string_ostream stream_{text_};
  llvm::json::OStream out_{stream_, 2};
};

}  // namespace resnetc::json_form
