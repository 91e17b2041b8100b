/// \file The layout that `resnetc fmt` and editors give to a network's text.
///
/// The author chooses the places of statements as far as they fit in 120 columns: several on a line, a body on the line of its `{` or below
/// it. On consecutive lines, statements are aligned in columns, and so are the texts after labels and the comments. A line that is too long
/// is broken at its braces, then at its brackets. A comment inside a statement moves to the end of its line.
#pragma once

#include <optional>
#include <string>

#include "support/diagnostics.h"

namespace resnetc {

/// The text of a file in that layout; nothing, and errors in `diagnostics`, if the file does not parse. Comments are kept and the meaning
/// never changes. A formatted text is not changed again.
std::optional<std::string> format_source(FileId file, Diagnostics& diagnostics);

}  // namespace resnetc
