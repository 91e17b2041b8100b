/// \file Names of element types, and elements in their form in memory.
#include "ir/element_type.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace resnetc {

namespace {

/// The upper half of the nearest f32, rounded to the nearest, ties to even. NaN stays NaN.
uint16_t bf16_bits(double value) {
  const auto bits = std::bit_cast<uint32_t>(static_cast<float>(value));
  constexpr uint32_t half = 0x7fff, quiet = 0x40;
  if (std::isnan(value)) return static_cast<uint16_t>(bits >> 16 | quiet);
  return static_cast<uint16_t>((bits + half + (bits >> 16 & 1)) >> 16);
}

/// The integer of the type that is nearest to `value`, ties to even; 0 for NaN.
template <class Integer>
double nearest_of(double value) {
  using Limits = std::numeric_limits<Integer>;
  return std::isnan(value) ? 0 : std::clamp(std::nearbyint(value), double{Limits::min()}, double{Limits::max()});
}

template <class Element>
Element read(const char* bytes) {
  Element element;
  std::memcpy(&element, bytes, sizeof element);
  return element;
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
    case ElementType::u8: return nearest_of<uint8_t>(value);
    case ElementType::i8: return nearest_of<int8_t>(value);
    case ElementType::i32: return nearest_of<int32_t>(value);
  }
  return value;
}

double read_element(ElementType type, const char* bytes) {
  switch (type) {
    case ElementType::f32: return static_cast<double>(read<float>(bytes));
    case ElementType::bf16: return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(read<uint16_t>(bytes)) << 16));
    case ElementType::f16: return static_cast<double>(read<_Float16>(bytes));
    case ElementType::u8: return read<uint8_t>(bytes);
    case ElementType::i8: return read<int8_t>(bytes);
    case ElementType::i32: return read<int32_t>(bytes);
  }
  return 0;
}

void append_element(ElementType type, double value, std::string& bytes) {
  switch (type) {
    case ElementType::f32: return append(static_cast<float>(value), bytes);
    case ElementType::bf16: return append(bf16_bits(value), bytes);
    case ElementType::f16: return append(static_cast<_Float16>(value), bytes);
    case ElementType::u8: return append(static_cast<uint8_t>(nearest(type, value)), bytes);
    case ElementType::i8: return append(static_cast<int8_t>(nearest(type, value)), bytes);
    case ElementType::i32: return append(static_cast<int32_t>(nearest(type, value)), bytes);
  }
}

}  // namespace resnetc
