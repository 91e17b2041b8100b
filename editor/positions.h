/// \file Places of a text in three counts: bytes from its start; the compiler's lines and byte columns; the protocol's lines and UTF-16
/// code units. The compiler ends lines at `\n`, the protocol at `\r\n` and `\r` too.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "support/location.h"

namespace resnetc::editor {

/// As the protocol counts: both from 0.
struct Position {
  int64_t line = 0;
  int64_t character = 0;
  auto operator<=>(const Position&) const = default;
};

struct Range {
  Position start, end;
  auto operator<=>(const Range&) const = default;
};

/// Finds places in a text that outlives it and does not change. Any numbers will do: what lies outside is moved to the nearest place
/// inside, what lies inside a character to its start. Bytes that are no UTF-8 count as one unit each.
class LineIndex {
 public:
  explicit LineIndex(std::string_view text);

  size_t offset(Position position) const;
  size_t offset(Location location) const;
  Position position(size_t offset) const;
  /// The compiler's line and column; no file and no length.
  Location location(size_t offset) const;
  /// The start of the text for a location without a line.
  Range range(Location location) const;

 private:
  std::string_view text_;
  std::vector<size_t> lines_;           ///< where each line of the protocol begins
  std::vector<size_t> compiler_lines_;  ///< and each of the compiler; the first after a byte order mark
};

}  // namespace resnetc::editor
