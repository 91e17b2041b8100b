/// \file Aligns columns.
#include "driver/table.h"

#include <algorithm>

namespace resnetc::driver {

std::string Table::str() const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < columns_.size(); ++c) {
    size_t width = columns_[c].title.size();
    for (const auto& row : rows_) {
      if (c < row.size()) width = std::max(width, row[c].size());
    }
    widths.push_back(width);
  }
  std::string out;
  auto line = [&](auto cell) {
    std::string text;
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (c != 0) text += "  ";
      std::string value = cell(c);
      std::string fill(widths[c] - value.size(), ' ');
      text += columns_[c].align == Align::left ? value + fill : fill + value;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  };
  auto across = [&] { line([&](size_t c) { return std::string(widths[c], '-'); }); };
  line([&](size_t c) { return columns_[c].title; });
  across();
  for (const auto& row : rows_) {
    if (row.empty()) {
      across();
    } else {
      line([&](size_t c) { return c < row.size() ? row[c] : std::string(); });
    }
  }
  return out;
}

}  // namespace resnetc::driver
