/// \file Aligns the lines of a formatted text: the last step of format_source().
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace resnetc {

/// The widest line that the formatter makes where it has a choice.
inline constexpr size_t format_columns = 120;
/// The indent of a body or a broken list.
inline constexpr size_t format_indent = 2;
/// Blanks between two statements on a line.
inline constexpr size_t format_gap = 3;

/// A statement on a line, or a part of one.
struct FormatCell {
  std::string_view keyword;  ///< that it begins with; empty for a call
  std::string label;         ///< with its `:`; empty if there is none
  std::string text;

  size_t width() const { return (label.empty() ? 0 : label.size() + 1) + text.size(); }
};

struct FormatLine {
  size_t indent = 0;
  std::vector<FormatCell> cells;  ///< none if a comment stands alone
  std::string comment;            ///< with its `#`; empty if there is none
  bool blank_before = false;
  bool open = false;  ///< whether another statement may follow on this line

  /// The width before alignment, without the comment.
  size_t width() const;
  /// Whether the line begins with a closing bracket or ends with an opening one.
  bool is_edge() const;
};

/// The text of the lines, aligned as far as they still fit. On consecutive lines, the texts after statements' labels begin in one column.
/// So do statements that follow others of one kind, and comments.
std::string align(const std::vector<FormatLine>& lines);

}  // namespace resnetc
