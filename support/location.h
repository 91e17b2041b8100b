/// \file A place in a source text. Diagnostics and every level of IR carry such places.
#pragma once

#include <compare>
#include <cstdint>

namespace resnetc {

/// Index of a file in a `Sources` table.
using FileId = int32_t;
inline constexpr FileId no_file = -1;

/// A range on one line. Lines and columns count from 1, columns in bytes; `length` is at least 1 when the place is known.
struct Location {
  FileId file = no_file;
  int32_t line = 0;
  int32_t column = 0;
  int32_t length = 0;

  bool known() const { return file != no_file; }
  auto operator<=>(const Location&) const = default;
};

/// The range from the start of `first` to the end of `last`, or `first` alone if they stand on different lines.
inline Location through(Location first, Location last) {
  if (first.file == last.file && first.line == last.line && last.column + last.length > first.column) {
    first.length = last.column + last.length - first.column;
  }
  return first;
}

}  // namespace resnetc
