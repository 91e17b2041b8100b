/// \file Strings of any bytes, and how values are laid out.
#include "support/json.h"

#include <llvm/Support/raw_ostream.h>

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

}  // namespace resnetc
