/// \file Names of element types, and elements in their form in memory.
#include "ir/element_type.h"

#include <cstring>

namespace resnetc {

std::optional<ElementType> element_named(std::string_view name) { return kind_named(element_types::table, name); }

void append_element(ElementType type, double value, std::string& bytes) {
  if (type == ElementType::u8) {
    bytes += static_cast<char>(static_cast<unsigned char>(value));
    return;
  }
  const auto number = static_cast<float>(value);
  char memory[sizeof number];
  std::memcpy(memory, &number, sizeof number);
  bytes.append(memory, sizeof number);
}

}  // namespace resnetc
