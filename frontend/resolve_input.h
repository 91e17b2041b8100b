/// \file Resolves the network's input.
#pragma once

#include "frontend/ast.h"
#include "frontend/scope.h"
#include "ir/input_buffer.h"

namespace resnetc {

/// The content of the caller's buffer. Errors are reported; the result can then still be used to continue.
InputBuffer resolve_input(const ast::Input& input, const Scope& scope, Reporter& reporter);

}  // namespace resnetc
