/// \file The one layout of a network's text, which `resnetc fmt` and editors give it.
///
/// Where statements go is the author's choice as far as it fits in 120 columns: several on a line, a body on the line of its `{` or below
/// it. What stands on consecutive lines is aligned: statements in columns, what follows labels, comments. A line too long is broken at its
/// braces, then at its brackets. A comment inside a statement moves to the end of its line.
#pragma once

#include <optional>
#include <string>

#include "support/diagnostics.h"

namespace resnetc {

/// The text of a file in that layout; nothing, and errors in `diagnostics`, where it does not parse. Comments are kept; formatting twice
/// changes nothing; the meaning never changes.
std::optional<std::string> format_source(FileId file, Diagnostics& diagnostics);

}  // namespace resnetc
