/// \file The types of elements. One table holds their names and sizes, and one function counts bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "support/table.h"

namespace resnetc {

enum class ElementType {
  f32,
  bf16,  ///< the upper half of an f32
  f16,   ///< IEEE 754 binary16
  u8,
  i8,
  i32,
};

/// One line of the table of element types.
struct ElementInfo {
  ElementType kind{};
  std::string_view name{};  ///< in the text and JSON forms of the IRs and in the manifest
  int64_t bytes = 0;
};

namespace element_types {
constexpr ElementInfo line_of(ElementType type) {
  switch (type) {
    case ElementType::f32: return {.name = "f32", .bytes = 4};
    case ElementType::bf16: return {.name = "bf16", .bytes = 2};
    case ElementType::f16: return {.name = "f16", .bytes = 2};
    case ElementType::u8: return {.name = "u8", .bytes = 1};
    case ElementType::i8: return {.name = "i8", .bytes = 1};
    case ElementType::i32: return {.name = "i32", .bytes = 4};
  }
  return {};
}
inline constexpr auto table = table_of<line_of>();
}  // namespace element_types

constexpr const ElementInfo& info(ElementType type) { return element_types::table[static_cast<size_t>(type)]; }
/// The name of the type: `f32`.
constexpr std::string_view to_string(ElementType type) { return info(type).name; }
std::optional<ElementType> element_named(std::string_view name);

/// The bytes of `elements` elements. No other code multiplies by the size of an element, and only elements_in() divides by the size.
constexpr int64_t bytes_of(ElementType type, int64_t elements = 1) { return elements * info(type).bytes; }
/// The number of whole elements that fit in `bytes`.
constexpr int64_t elements_in(int64_t bytes, ElementType type) { return bytes / info(type).bytes; }

/// The value of the element that is nearest to `value`, ties to even. Of a float that is too large for the type it is infinite. An integer
/// type's is within its range, and 0 for NaN.
double nearest(ElementType type, double value);

/// The value of the element whose form in memory begins at `bytes`.
double read_element(ElementType type, const char* bytes);
/// Appends the nearest element in its form in memory.
void append_element(ElementType type, double value, std::string& bytes);

}  // namespace resnetc
