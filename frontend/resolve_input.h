/// \file The network's input.
#pragma once

#include "frontend/ast.h"
#include "frontend/scope.h"
#include "ir/topology.h"

namespace resnetc {

/// Fills in the format, mean and std of `out` and returns the type. What is wrong is reported; the result then serves to go on with.
TensorType resolve_input(const ast::Input& input, const Scope& scope, Reporter& reporter, topology::Input& out);

}  // namespace resnetc
