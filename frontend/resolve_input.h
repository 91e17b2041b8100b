/// \file Resolves the network's input.
#pragma once

#include "frontend/ast.h"
#include "frontend/scope.h"
#include "ir/input_buffer.h"

namespace resnetc {

/// What the caller's buffer holds. What is wrong is reported; the result then serves to go on with.
InputBuffer resolve_input(const ast::Input& input, const Scope& scope, Reporter& reporter);

}  // namespace resnetc
