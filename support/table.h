/// \file Tables with a line for each value of an enum, checked by the compiler.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

namespace resnetc {

/// The lines of an enum's values in their order. `line_of` is a constexpr function from a value to its line, made of a switch without a
/// default. So a value without a line does not compile, and each line belongs to its value. A line has a `kind`, which table_of() fills
/// in, and a `name`, which is empty past the last value.
template <auto line_of>
consteval auto table_of() {
  using Line = decltype(line_of({}));
  using Kind = decltype(Line::kind);
  constexpr size_t count = [] {
    size_t n = 0;
    while (!line_of(static_cast<Kind>(n)).name.empty()) ++n;
    return n;
  }();
  std::array<Line, count> table{};
  for (size_t i = 0; i < count; ++i) {
    table[i] = line_of(static_cast<Kind>(i));
    table[i].kind = static_cast<Kind>(i);
  }
  return table;
}

/// The kind of the line with this name; nothing if there is none.
template <class Lines>
auto kind_named(const Lines& lines, std::string_view name) -> std::optional<std::remove_cvref_t<decltype(lines[0].kind)>> {
  for (const auto& line : lines) {
    if (line.name == name) return line.kind;
  }
  return std::nullopt;
}

}  // namespace resnetc
