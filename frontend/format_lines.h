/// \file Lines of a formatted text, and their alignment: the last step of format_source().
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace resnetc {

/// The widest line that the formatter makes where it has a choice.
inline constexpr size_t format_columns = 120;
/// How far a body or a broken list is moved in.
inline constexpr size_t format_indent = 2;
/// Blanks between two statements on a line.
inline constexpr size_t format_gap = 3;

/// A statement on a line, or a part of one.
struct FormatCell {
  std::string_view keyword;  ///< which it begins with; empty for a call
  std::string label;         ///< with its `:`; empty where there is none
  std::string text;

  size_t width() const { return (label.empty() ? 0 : label.size() + 1) + text.size(); }
};

struct FormatLine {
  size_t indent = 0;
  std::vector<FormatCell> cells;  ///< none where a comment stands alone
  std::string comment;            ///< with its `#`; empty where there is none
  bool blank_before = false;
  bool open = false;  ///< whether another statement may follow on it

  /// Before alignment, without the comment.
  size_t width() const;
  /// Whether it begins with a bracket that closes, or ends with one that opens.
  bool is_edge() const;
};

/// The text of the lines. On consecutive ones, as far as they then fit, what follows a statement's label begins in one column, and so do
/// statements that follow others of one kind, and comments.
std::string align(const std::vector<FormatLine>& lines);

}  // namespace resnetc
