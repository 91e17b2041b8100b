/// \file Strings and numbers of JSON, and the writer.
#include "ir/forms/json_writer.h"

#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include "ir/forms/text.h"

namespace resnetc::json_form {

namespace {

/// The number of bytes of the character with which `bytes` begins. 0 if it begins with no character, or with a character that stands for a
/// byte.
size_t plain_character(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  const size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const std::string_view character = bytes.substr(0, length);
  if (!llvm::json::isUTF8(llvm::StringRef(character.data(), character.size()))) return 0;
  return character.starts_with("\xee\xbe") || character.starts_with("\xee\xbf") ? 0 : length;
}

}  // namespace

std::string quoted(std::string_view bytes) {
  std::string content;
  while (!bytes.empty()) {
    const size_t length = plain_character(bytes);
    if (length == 0) {
      const auto byte = static_cast<unsigned char>(bytes[0]);
      for (const int part : {0xee, 0xbc | (byte >> 6), 0x80 | (byte & 0x3f)}) content += static_cast<char>(part);
    }
    content += bytes.substr(0, length);
    bytes.remove_prefix(std::max<size_t>(length, 1));
  }
  std::string out;
  llvm::raw_string_ostream(out) << llvm::json::Value(std::move(content));
  return out;
}

std::string unquoted(std::string content) {
  std::string out;
  for (size_t at = 0; at < content.size(); ++at) {
    const std::string_view rest = std::string_view(content).substr(at, 3);
    if (rest.starts_with("\xee\xbe") || rest.starts_with("\xee\xbf")) {
      out += static_cast<char>(static_cast<unsigned char>(rest[1]) << 6 | (static_cast<unsigned char>(rest[2]) & 0x3f));
      at += 2;
    } else {
      out += content[at];
    }
  }
  return out;
}

std::string number(double value) {
  std::string out = text::number(value);
  return out == "-0" ? "-0.0" : out;  // readers of JSON take -0 for an integer
}

struct Writer::Output {
  std::string text;
  llvm::raw_string_ostream stream{text};
  llvm::json::OStream json{stream, 2};
};

Writer::Writer() : output_(std::make_unique<Output>()) {}
Writer::~Writer() = default;

std::string Writer::text(Run fields) {
  object(fields);
  output_->stream << "\n";
  return std::move(output_->text);
}

void Writer::raw(const std::string& value) { output_->json.rawValue(value); }

void Writer::level(std::string_view level) {
  output_->json.attributeBegin("level");
  raw(quoted(level));
  output_->json.attributeEnd();
}

void Writer::object(Run fields) {
  output_->json.objectBegin();
  fields();
  output_->json.objectEnd();
}

void Writer::list(size_t count, RunEach element) {
  output_->json.arrayBegin();
  for (size_t i = 0; i < count; ++i) element(i);
  output_->json.arrayEnd();
}

void Writer::add_field(std::string_view key, const Value& value, std::string_view) {
  output_->json.attributeBegin(llvm::StringRef(key.data(), key.size()));
  value.write(*this);
  output_->json.attributeEnd();
}

void Writer::add_optional(std::string_view key, const Value& value, bool is_normal, std::string_view description) {
  if (!is_normal) add_field(key, value, description);
}

void Writer::add_choice(std::string_view key, const Value& value, std::span<const std::string_view>, std::string_view description, RunEach,
                        Run fields) {
  add_field(key, value, description);
  fields();
}

}  // namespace resnetc::json_form
