/// \file Converts places and texts to JSON and back.
#include "editor/protocol.h"

namespace resnetc::editor {

std::string utf8(std::string_view text) { return json::isUTF8(text) ? std::string(text) : json::fixUTF8(text); }

json::Object to_json(Position position) { return json::Object{{"line", position.line}, {"character", position.character}}; }

json::Object to_json(Range range) { return json::Object{{"start", to_json(range.start)}, {"end", to_json(range.end)}}; }

std::optional<Position> read_position(const json::Object* value) {
  if (value == nullptr) return std::nullopt;
  const auto line = value->getInteger("line"), character = value->getInteger("character");
  if (!line || !character) return std::nullopt;
  return Position{*line, *character};
}

std::optional<Range> read_range(const json::Object* value) {
  if (value == nullptr) return std::nullopt;
  const auto start = read_position(value->getObject("start")), end = read_position(value->getObject("end"));
  if (!start || !end) return std::nullopt;
  return Range{*start, *end};
}

json::Object markdown(std::string_view text) { return json::Object{{"kind", "markdown"}, {"value", utf8(text)}}; }

}  // namespace resnetc::editor
