/// \file Names of element types, and elements in their form in memory.
#include "ir/element_type.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace resnetc {

namespace {

/// The upper half of the nearest f32, rounded to the nearest, ties to even. NaN stays NaN.
uint16_t bf16_bits(double value) {
  const auto bits = std::bit_cast<uint32_t>(static_cast<float>(value));
  constexpr uint32_t half = 0x7fff, quiet = 0x40;
  if (std::isnan(value)) return static_cast<uint16_t>(bits >> 16 | quiet);
  return static_cast<uint16_t>((bits + half + (bits >> 16 & 1)) >> 16);
}

template <class Element>
void append(Element element, std::string& bytes) {
  char memory[sizeof element];
  std::memcpy(memory, &element, sizeof element);
  bytes.append(memory, sizeof element);
}

}  // namespace

std::optional<ElementType> element_named(std::string_view name) { return kind_named(element_types::table, name); }

double nearest(ElementType type, double value) {
  switch (type) {
    case ElementType::f32: return static_cast<double>(static_cast<float>(value));
    case ElementType::bf16: return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bf16_bits(value)) << 16));
    case ElementType::f16: return static_cast<double>(static_cast<_Float16>(value));
    case ElementType::u8:
    case ElementType::i8:
    case ElementType::i32: return std::nearbyint(value);
  }
  return value;
}

void append_element(ElementType type, double value, std::string& bytes) {
  switch (type) {
    case ElementType::f32: return append(static_cast<float>(value), bytes);
    case ElementType::bf16: return append(bf16_bits(value), bytes);
    case ElementType::f16: return append(static_cast<_Float16>(value), bytes);
    case ElementType::u8: return append(static_cast<uint8_t>(std::nearbyint(value)), bytes);
    case ElementType::i8: return append(static_cast<int8_t>(std::nearbyint(value)), bytes);
    case ElementType::i32: return append(static_cast<int32_t>(std::nearbyint(value)), bytes);
  }
}

}  // namespace resnetc
