/// \file What a name means and where else it stands, across all files of the workspace.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "editor/workspace.h"

namespace resnetc::editor {

/// A range of a file, given in canonical form.
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

/// What the name at a place of a file stands for; several where open networks see it differently, none where it is no name, or a layer's.
std::vector<Meaning> meanings(const Workspace& workspace, const ParsedText& text, size_t offset);

/// Where that is defined; also the file that a `use` names, and what `in` means.
std::vector<Place> definitions(const Workspace& workspace, const ParsedText& text, size_t offset);

/// Everywhere that a symbol is named, in the order of files and texts; with its definitions if asked for.
std::vector<Place> occurrences(const Workspace& workspace, const Meaning& meaning, bool with_definitions);

/// The outline of a file: DocumentSymbol objects.
json::Array document_symbols(const ParsedText& text);

}  // namespace resnetc::editor
