/// \file Finds lines by binary search, and columns by counting along one line.
#include "editor/positions.h"

#include <llvm/Support/ConvertUTF.h>

#include <algorithm>

namespace resnetc::editor {

namespace {

/// The numbers of bytes and UTF-16 code units of the first character of a text.
struct Character {
  size_t bytes = 1;
  int64_t units = 1;
};

Character first_character(std::string_view text) {
  const auto* bytes = reinterpret_cast<const llvm::UTF8*>(text.data());
  const size_t length = llvm::getNumBytesForUTF8(bytes[0]);
  if (length > text.size() || !llvm::isLegalUTF8Sequence(bytes, bytes + length)) return {};
  return {length, length == 4 ? 2 : 1};
}

size_t line_of(const std::vector<size_t>& lines, size_t offset) {
  const auto after = std::upper_bound(lines.begin(), lines.end(), offset);
  return after == lines.begin() ? 0 : static_cast<size_t>(after - lines.begin()) - 1;
}

}  // namespace

LineIndex::LineIndex(std::string_view text) : text_(text), lines_{0}, compiler_lines_{text.starts_with("\xEF\xBB\xBF") ? size_t{3} : 0} {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') compiler_lines_.push_back(i + 1);
    if (text[i] == '\n' || (text[i] == '\r' && !text.substr(i + 1).starts_with('\n'))) lines_.push_back(i + 1);
  }
}

size_t LineIndex::offset(Position position) const {
  if (position.line < 0) return 0;
  if (position.line >= static_cast<int64_t>(lines_.size())) return text_.size();
  const auto line = static_cast<size_t>(position.line);
  size_t at = lines_[line];
  const size_t end = line + 1 < lines_.size() ? lines_[line + 1] : text_.size();
  for (int64_t units = 0; at < end && text_[at] != '\n' && text_[at] != '\r';) {
    const Character c = first_character(text_.substr(at));
    units += c.units;
    if (units > position.character) break;
    at += c.bytes;
  }
  return at;
}

size_t LineIndex::offset(Location location) const {
  if (location.line < 1) return 0;
  const auto line = static_cast<size_t>(location.line) - 1;
  if (line >= compiler_lines_.size()) return text_.size();
  return std::min(compiler_lines_[line] + static_cast<size_t>(std::max(location.column, 1)) - 1, text_.size());
}

Position LineIndex::position(size_t offset) const {
  offset = std::min(offset, text_.size());
  const size_t line = line_of(lines_, offset);
  Position position{static_cast<int64_t>(line), 0};
  for (size_t at = lines_[line]; at < offset && text_[at] != '\n' && text_[at] != '\r';) {
    const Character c = first_character(text_.substr(at));
    at += c.bytes;
    if (at > offset) break;
    position.character += c.units;
  }
  return position;
}

Location LineIndex::location(size_t offset) const {
  offset = std::min(offset, text_.size());
  const size_t line = line_of(compiler_lines_, offset);
  const size_t column = offset - std::min(offset, compiler_lines_[line]) + 1;
  return {no_file, static_cast<int32_t>(line) + 1, static_cast<int32_t>(column), 0};
}

Range LineIndex::range(Location location) const {
  if (location.line < 1) return {};
  const size_t start = offset(location);
  return {position(start), position(start + static_cast<size_t>(std::max(location.length, 1)))};
}

}  // namespace resnetc::editor
