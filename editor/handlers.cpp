/// \file Passes the parameters of requests and notifications to the parts that handle them, and returns the answers.
#include <fmt/format.h>

#include <algorithm>

#include "editor/completion.h"
#include "editor/formatting.h"
#include "editor/hover.h"
#include "editor/navigation.h"
#include "editor/rename.h"
#include "editor/server.h"

namespace resnetc::editor {

namespace {

std::string uri_in(const json::Object& params) {
  const json::Object* document = params.getObject("textDocument");
  const auto uri = document ? document->getString("uri") : std::nullopt;
  return uri ? uri->str() : std::string();
}

json::Array locations(const Workspace& workspace, const std::vector<Place>& places) {
  json::Array out;
  for (const Place& place : places) out.push_back(json::Object{{"uri", utf8(workspace.uri(place.file))}, {"range", to_json(place.range)}});
  return out;
}

}  // namespace

std::variant<std::shared_ptr<const ParsedText>, Failure> Server::text_of(const Params& params) {
  const std::string uri = uri_in(params);
  const Document* document = workspace_.documents().find(uri);
  if (document == nullptr) return Failure{ErrorCode::invalid_params, fmt::format("'{}' is not open", uri)};
  return workspace_.parsed(document->file);
}

Reply Server::at_place(const Params& params, const std::function<Reply(const ParsedText&, size_t offset)>& with) {
  auto text = text_of(params);
  if (auto* failure = std::get_if<Failure>(&text)) return std::move(*failure);
  const std::optional<Position> position = read_position(params.getObject("position"));
  if (!position) return Failure{ErrorCode::invalid_params, "the request has no position"};
  const ParsedText& parsed = *std::get<std::shared_ptr<const ParsedText>>(text);
  return with(parsed, parsed.lines.offset(*position));
}

Reply Server::hover(const Params& params) {
  return at_place(params, [this](const ParsedText& text, size_t offset) -> Reply {
    const std::optional<Hover> found = editor::hover(workspace_, text, offset);
    if (!found) return json::Value(nullptr);
    return json::Value(json::Object{{"contents", markdown(found->text)}, {"range", to_json(found->range)}});
  });
}

Reply Server::definition(const Params& params) {
  return at_place(params, [this](const ParsedText& text, size_t offset) -> Reply {
    return json::Value(locations(workspace_, definitions(workspace_, text, offset)));
  });
}

Reply Server::references(const Params& params) {
  const json::Object* context = params.getObject("context");
  const bool with_definitions = context && context->getBoolean("includeDeclaration").value_or(false);
  return at_place(params, [&](const ParsedText& text, size_t offset) -> Reply {
    std::vector<Place> places;
    for (const Meaning& meaning : meanings(workspace_, text, offset)) {
      for (Place& place : occurrences(workspace_, meaning, with_definitions)) places.push_back(std::move(place));
    }
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    return json::Value(locations(workspace_, places));
  });
}

Reply Server::prepare_rename(const Params& params) {
  return at_place(params, [this](const ParsedText& text, size_t offset) -> Reply {
    auto found = renamable(workspace_, text, offset);
    if (auto* failure = std::get_if<Failure>(&found)) return std::move(*failure);
    return json::Value(to_json(std::get<Range>(found)));
  });
}

Reply Server::rename(const Params& params) {
  const auto name = params.getString("newName");
  if (!name) return Failure{ErrorCode::invalid_params, "the request has no new name"};
  return at_place(params, [&](const ParsedText& text, size_t offset) -> Reply {
    auto found = renamed(workspace_, text, offset, name->str());
    if (auto* failure = std::get_if<Failure>(&found)) return std::move(*failure);
    json::Object changes;
    for (const auto& [file, ranges] : std::get<0>(found)) {
      json::Array edits;
      for (const Range& range : ranges) edits.push_back(json::Object{{"range", to_json(range)}, {"newText", *name}});
      changes[utf8(workspace_.uri(file))] = std::move(edits);
    }
    return json::Value(json::Object{{"changes", std::move(changes)}});
  });
}

Reply Server::completion(const Params& params) {
  return at_place(params, [this](const ParsedText& text, size_t offset) -> Reply {
    return json::Value(json::Object{{"isIncomplete", false}, {"items", completions(workspace_, text, offset, options_)}});
  });
}

Reply Server::document_symbol(const Params& params) {
  auto text = text_of(params);
  if (auto* failure = std::get_if<Failure>(&text)) return std::move(*failure);
  return json::Value(document_symbols(*std::get<0>(text)));
}

Reply Server::formatting(const Params& params) {
  auto text = text_of(params);
  if (auto* failure = std::get_if<Failure>(&text)) return std::move(*failure);
  return json::Value(formatting_edits(*std::get<0>(text)));
}

void Server::did_open(const Params& params) {
  const json::Object* document = params.getObject("textDocument");
  const auto uri = document ? document->getString("uri") : std::nullopt;
  const auto text = document ? document->getString("text") : std::nullopt;
  if (!uri || !text) return;
  workspace_.changed(workspace_.documents().open(*uri, text->str()).file);
  unpublished_ = true;
}

void Server::did_change(const Params& params) {
  const json::Array* changes = params.getArray("contentChanges");
  if (changes == nullptr) return;
  const Document* document = workspace_.documents().change(uri_in(params), *changes);
  if (document == nullptr) return;
  workspace_.changed(document->file);
  unpublished_ = true;
}

void Server::did_close(const Params& params) {
  const std::string uri = uri_in(params);
  const Document* document = workspace_.documents().find(uri);
  if (document == nullptr) return;
  workspace_.changed(document->file);
  workspace_.documents().close(uri);
  unpublished_ = true;
}

void Server::did_save(const Params& params) { did_change_watched_files(params); }

void Server::did_change_watched_files(const Params&) {
  workspace_.all_changed();
  unpublished_ = true;
}

}  // namespace resnetc::editor
