/// \file What may be written at a place.
#pragma once

#include "editor/workspace.h"

namespace resnetc::editor {

/// CompletionItem objects for what fits the grammar at a place and is in sight there; the client picks by what has been typed.
json::Array completions(const Workspace& workspace, const ParsedText& text, size_t offset, const FrontendOptions& options);

}  // namespace resnetc::editor
