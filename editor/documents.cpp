/// \file Keeps texts and applies changes to them.
#include "editor/documents.h"

#include <algorithm>

#include "editor/uri.h"

namespace resnetc::editor {

const Document& Documents::open(std::string_view uri, std::string text) {
  Document document{std::string(uri), path_of(uri), {}, std::move(text)};
  document.file = canonical(document.path);
  return by_uri_.insert_or_assign(std::string(uri), std::move(document)).first->second;
}

void Documents::close(std::string_view uri) {
  if (const auto found = by_uri_.find(uri); found != by_uri_.end()) by_uri_.erase(found);
}

const Document* Documents::change(std::string_view uri, const json::Array& changes) {
  const auto found = by_uri_.find(uri);
  if (found == by_uri_.end()) return nullptr;
  std::string& text = found->second.text;
  for (const json::Value& value : changes) {
    const json::Object* change = value.getAsObject();
    const auto replacement = change ? change->getString("text") : std::nullopt;
    if (!replacement) continue;
    if (!change->get("range")) {
      text = replacement->str();
    } else if (const std::optional<Range> range = read_range(change->getObject("range"))) {
      const LineIndex lines(text);
      const size_t start = lines.offset(range->start), end = std::max(start, lines.offset(range->end));
      text.replace(start, end - start, replacement->str());
    }
  }
  return &found->second;
}

const Document* Documents::find(std::string_view uri) const {
  const auto found = by_uri_.find(uri);
  return found == by_uri_.end() ? nullptr : &found->second;
}

const Document* Documents::holding(const std::string& file) const {
  for (const auto& [uri, document] : by_uri_) {
    if (document.file == file) return &document;
  }
  return nullptr;
}

}  // namespace resnetc::editor
