/// \file Words to a syntax tree; the grammar is in docs/language.md.
#pragma once

#include "frontend/ast.h"
#include "support/diagnostics.h"

namespace resnetc {

/// Reads a whole file. After a mistake it goes on with the next statement, so the tree is of use only where nothing was reported.
ast::File parse_file(FileId file, Diagnostics& diagnostics);

/// The same for a text in the making: whatever can be recognised of it is in the tree, statements and definitions that break off included.
/// Their fields may be empty, and names without a place.
ast::File parse_leniently(FileId file, Diagnostics& diagnostics);

}  // namespace resnetc
