/// \file Aligns columns as on a typewriter: a column is as wide as its widest cell on consecutive lines.
#include "frontend/format_lines.h"

#include <algorithm>
#include <span>

namespace resnetc {
namespace {

using Lines = std::span<const FormatLine>;

/// Calls `use(first, last)` for each longest run of lines for which is_in() holds and goes_with() the first line holds.
template <typename IsIn, typename GoesWith, typename Use>
void for_runs(size_t count, IsIn is_in, GoesWith goes_with, Use use) {
  for (size_t first = 0, last = 0; first < count; first = std::max(last, first + 1)) {
    for (last = first; last < count && is_in(last) && goes_with(first, last);) ++last;
    if (last > first) use(first, last);
  }
}

/// The cells of consecutive lines as texts. Each is as wide as its column, but the last cell of a line keeps its width.
std::vector<std::string> in_columns(Lines lines) {
  std::vector<std::string> out;
  for (const FormatLine& line : lines) out.emplace_back(line.indent, ' ');
  bool any = true;
  for (size_t k = 0; any; ++k) {
    any = false;
    std::vector<std::string> column(lines.size());
    const auto there = [&](size_t i) { return k < lines[i].cells.size(); };
    const auto alike = [&](size_t i, size_t j) { return lines[i].cells[k].keyword == lines[j].cells[k].keyword; };
    for_runs(
        lines.size(), [&](size_t i) { return there(i) && !lines[i].cells[k].label.empty(); }, alike,
        [&](size_t first, size_t last) {
          size_t width = 0;
          for (size_t i = first; i < last; ++i) width = std::max(width, lines[i].cells[k].label.size());
          for (size_t i = first; i < last; ++i) {
            column[i] = lines[i].cells[k].label;
            column[i].resize(width + 1, ' ');
          }
        });
    for (size_t i = 0; i < lines.size(); ++i) {
      if (there(i)) column[i] += lines[i].cells[k].text;
    }
    for_runs(
        lines.size(), [&](size_t i) { return k + 1 < lines[i].cells.size(); }, alike,
        [&](size_t first, size_t last) {
          any = true;
          size_t width = 0;
          for (size_t i = first; i < last; ++i) width = std::max(width, column[i].size());
          for (size_t i = first; i < last; ++i) column[i].resize(width + format_gap, ' ');
        });
    for (size_t i = 0; i < lines.size(); ++i) out[i] += column[i];
  }
  return out;
}

std::string as_it_is(const FormatLine& line) {
  std::string out(line.indent, ' ');
  for (size_t k = 0; k < line.cells.size(); ++k) {
    if (k != 0) out.append(format_gap, ' ');
    const FormatCell& cell = line.cells[k];
    if (!cell.label.empty()) out += cell.label + " ";
    out += cell.text;
  }
  return out;
}

void append(std::string& out, Lines lines) {
  std::vector<std::string> texts = in_columns(lines);
  if (std::any_of(texts.begin(), texts.end(), [](const std::string& text) { return text.size() > format_columns; })) {
    std::transform(lines.begin(), lines.end(), texts.begin(), as_it_is);
  }
  // A line that is too long does not align its comment with the others, because it would push them out of sight.
  for_runs(
      lines.size(), [&](size_t i) { return !lines[i].comment.empty() && !lines[i].is_edge() && texts[i].size() <= format_columns; },
      [&](size_t i, size_t j) { return lines[i].indent == lines[j].indent; },
      [&](size_t first, size_t last) {
        size_t width = 0;
        for (size_t i = first; i < last; ++i) width = std::max(width, texts[i].size());
        for (size_t i = first; i < last; ++i) texts[i].resize(width, ' ');
      });
  for (size_t i = 0; i < lines.size(); ++i) {
    out += texts[i];
    if (!lines[i].comment.empty()) out += "  " + lines[i].comment;
    out += '\n';
  }
}

}  // namespace

size_t FormatLine::width() const {
  size_t width = indent + (cells.empty() ? 0 : (cells.size() - 1) * format_gap);
  for (const FormatCell& cell : cells) width += cell.width();
  return width;
}

bool FormatLine::is_edge() const {
  constexpr std::string_view opening = "([{";
  constexpr std::string_view closing = ")]}";
  return !cells.empty() && (closing.find(cells.front().text.front()) != std::string_view::npos ||
                            opening.find(cells.back().text.back()) != std::string_view::npos);
}

std::string align(const std::vector<FormatLine>& lines) {
  std::string out;
  const Lines all(lines);
  for (size_t first = 0; first < all.size();) {
    if (all[first].blank_before) out += '\n';
    if (all[first].cells.empty()) {
      out += std::string(all[first].indent, ' ') + all[first].comment + "\n";
      ++first;
      continue;
    }
    size_t last = first + 1;
    while (last < all.size() && !all[last].cells.empty() && !all[last].blank_before) ++last;
    append(out, all.subspan(first, last - first));
    first = last;
  }
  return out;
}

}  // namespace resnetc
