/// \file The text that an editor shows where the pointer rests.
#pragma once

#include <optional>
#include <string>

#include "editor/workspace.h"

namespace resnetc::editor {

struct Hover {
  std::string text;  ///< Markdown
  Range range;       ///< of the name that the text describes
};

/// For a layer: its parameters, and the shapes, parameters and multiply-adds of its copies. For an edge: the values that meet.
/// For a parameter or `let`: its values. Nothing for other places.
std::optional<Hover> hover(const Workspace& workspace, const ParsedText& text, size_t offset);

}  // namespace resnetc::editor
