/// \file Finds control characters and bytes that are no text.
#include "support/printable.h"

#include <llvm/Support/ConvertUTF.h>

#include <algorithm>

namespace resnetc {

size_t printable_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return first < 0x20 || first == 0x7f ? 0 : 1;
  const auto* bytes = reinterpret_cast<const llvm::UTF8*>(text.data());
  const size_t length = llvm::getNumBytesForUTF8(bytes[0]);
  // Overlong forms and surrogates are not legal.
  if (length > text.size() || !llvm::isLegalUTF8Sequence(bytes, bytes + text.size())) return 0;
  const bool control = first == 0xc2 && bytes[1] < 0xa0;  // U+0080 to U+009F
  return control ? 0 : length;
}

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const size_t length = printable_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = printable_length(text);
    out += length == 0 ? "?" : text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

}  // namespace resnetc
