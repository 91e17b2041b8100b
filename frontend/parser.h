/// \file Words to a syntax tree; the grammar is in docs/language.md.
#pragma once

#include "frontend/ast.h"
#include "support/diagnostics.h"

namespace resnetc {

/// Reads a whole file. After a mistake it goes on with the next statement, so the tree is of use only where nothing was reported.
ast::File parse_file(FileId file, Diagnostics& diagnostics);

}  // namespace resnetc
