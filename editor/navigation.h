/// \file Finds the meaning of a name and its other places, across all files of the workspace.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "editor/workspace.h"

namespace resnetc::editor {

/// A range of a file, whose path is in canonical form.
struct Place {
  std::string file;
  Range range;
  auto operator<=>(const Place&) const = default;
};

/// A symbol of a file.
struct Meaning {
  std::shared_ptr<const ParsedText> text;
  const Symbol* symbol = nullptr;
};

/// The meanings of the name at a place: several if open networks see the name differently, none if the place has no name or a layer's.
std::vector<Meaning> meanings(const Workspace& workspace, const ParsedText& text, size_t offset);

/// The definitions of the name at a place. Also finds the file that a `use` names, and the target of `in`.
std::vector<Place> definitions(const Workspace& workspace, const ParsedText& text, size_t offset);

/// All places of a symbol's name, in the order of files and texts, with its definitions on request.
std::vector<Place> occurrences(const Workspace& workspace, const Meaning& meaning, bool with_definitions);

/// The outline of a file: DocumentSymbol objects.
json::Array document_symbols(const ParsedText& text);

}  // namespace resnetc::editor
