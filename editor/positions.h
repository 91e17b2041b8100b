/// \file Places of a text in three counts: bytes from its start; the compiler's lines and byte columns; the protocol's lines and UTF-16
/// code units. The compiler ends lines at `\n`, the protocol at `\r\n` and `\r` too.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "support/location.h"

namespace resnetc::editor {

/// A place as the protocol counts: both numbers from 0.
struct Position {
  int64_t line = 0;
  int64_t character = 0;
  auto operator<=>(const Position&) const = default;
};

struct Range {
  Position start, end;
  auto operator<=>(const Range&) const = default;
};

/// Finds places in a text, which outlives the index and does not change. All numbers are allowed: a place outside the text is moved to the
/// nearest place inside, a place inside a character to its start. Bytes that are no UTF-8 count as one unit each.
class LineIndex {
 public:
  explicit LineIndex(std::string_view text);

  size_t offset(Position position) const;
  size_t offset(Location location) const;
  Position position(size_t offset) const;
  /// The compiler's line and column, without a file and a length.
  Location location(size_t offset) const;
  /// The range of a location; the start of the text if the location has no line.
  Range range(Location location) const;

 private:
  std::string_view text_;
  std::vector<size_t> lines_;           ///< start of each line of the protocol
  std::vector<size_t> compiler_lines_;  ///< start of each line of the compiler; the first begins after a byte order mark
};

}  // namespace resnetc::editor
