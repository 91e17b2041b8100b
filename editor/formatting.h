/// \file The formatter's layout as edits of a text.
#pragma once

#include <string>

#include "editor/protocol.h"
#include "editor/workspace.h"

namespace resnetc::editor {

/// Edits that turn the text into that of `resnetc fmt`: one, from the first line that differs to the last. No edit if no line differs, or
/// if the text does not parse (diagnostics say why).
json::Array formatting_edits(const ParsedText& text);

}  // namespace resnetc::editor
