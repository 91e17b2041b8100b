/// \file What is shown where the pointer rests.
#pragma once

#include <optional>
#include <string>

#include "editor/workspace.h"

namespace resnetc::editor {

struct Hover {
  std::string text;  ///< Markdown
  Range range;       ///< what it is about
};

/// Of a layer: its parameters, and the shapes, parameters and multiply-adds of its copies; of a skip edge or gate: the values that meet; of
/// a parameter or `let`: its values. Nothing where there is nothing to say.
std::optional<Hover> hover(const Workspace& workspace, const ParsedText& text, size_t offset);

}  // namespace resnetc::editor
