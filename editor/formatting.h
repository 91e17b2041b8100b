/// \file The formatter's layout as edits of a text.
#pragma once

#include <string>

#include "editor/protocol.h"
#include "editor/workspace.h"

namespace resnetc::editor {

/// What turns the text into that of `resnetc fmt`: one edit, from the first line that differs to the last; none where nothing does, or
/// where the text does not parse (diagnostics say why).
json::Array formatting_edits(const ParsedText& text);

}  // namespace resnetc::editor
