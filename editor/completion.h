/// \file Completion: the words that may be written at a place.
#pragma once

#include "editor/workspace.h"

namespace resnetc::editor {

/// CompletionItem objects for the words that fit the grammar at a place and are in sight there. The client selects by the typed letters.
json::Array completions(const Workspace& workspace, const ParsedText& text, size_t offset, const FrontendOptions& options);

}  // namespace resnetc::editor
