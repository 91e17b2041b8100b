/// \file From a graph to statements: a path of layers, with the edges beside it.
#pragma once

#include "import/network.h"
#include "import/statements.h"
#include "support/failure.h"

namespace resnetc::importer {

/// The network's statements, without labels, for a text without blocks. Where two values meet, the longer way to them is the path and the
/// other one the edge; a gate's edge begins at the path. A failure says which value no statement can express.
Result<Statements> nest(const Network& network);

}  // namespace resnetc::importer
