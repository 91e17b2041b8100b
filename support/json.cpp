/// \file Strings of any bytes, how values are laid out, and the depth of a JSON text, right or wrong.
#include "support/json.h"

#include <llvm/Support/raw_ostream.h>

#include <cstddef>

namespace resnetc {

namespace json = llvm::json;

json::Value json_string(std::string_view s) { return json::isUTF8(s) ? json::Value(std::string(s)) : json::Value(json::fixUTF8(s)); }

std::string json_text(const json::Value& value) {
  std::string out;
  llvm::raw_string_ostream stream(out);
  json::OStream(stream, 2).value(value);
  stream << "\n";
  return out;
}

bool nested_too_deep(std::string_view json, int limit) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limit) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace resnetc
