/// \file Makes a syntax tree of a file's words. docs/language.md has the grammar.
#pragma once

#include "frontend/ast.h"
#include "support/diagnostics.h"

namespace resnetc {

/// Parses a whole file. After an error it goes on with the next statement. The tree is valid only if no error was reported.
ast::File parse_file(FileId file, Diagnostics& diagnostics);

/// The same for a text that is being written. The tree has all that can be recognised, also statements and definitions that break off.
/// Their fields may be empty, and names may have no place.
ast::File parse_leniently(FileId file, Diagnostics& diagnostics);

}  // namespace resnetc
