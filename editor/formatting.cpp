/// \file Formatting. Only the lines that differ are replaced, so that cursors in others keep their places.
#include "editor/formatting.h"

#include <algorithm>

#include "frontend/format.h"

namespace resnetc::editor {

json::Array formatting_edits(const ParsedText& text) {
  Sources sources;
  Diagnostics unread(sources);
  const std::string& before = text.text;
  const std::optional<std::string> after = format_source(sources.add(text.file, before), unread);
  if (!after || *after == before) return {};
  const auto [first, first_after] = std::mismatch(before.begin(), before.end(), after->begin(), after->end());
  size_t start = static_cast<size_t>(first - before.begin());
  while (start > 0 && before[start - 1] != '\n') --start;
  size_t same = 0;  // equal whole lines at the end
  const size_t most = std::min(before.size(), after->size()) - start;
  for (size_t n = 0; n < most && before[before.size() - 1 - n] == (*after)[after->size() - 1 - n]; ++n) {
    if (before[before.size() - 1 - n] == '\n') same = n;
  }
  const Range range{text.lines.position(start), text.lines.position(before.size() - same)};
  json::Array edits;
  edits.push_back(json::Object{{"range", to_json(range)}, {"newText", utf8(after->substr(start, after->size() - same - start))}});
  return edits;
}

}  // namespace resnetc::editor
