/// \file fuse-shortcuts: takes shortcut additions and element-wise operations into the kernel that produces their operand.
#pragma once

#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

/// Operations that can be steps (graph::is_step()) become epilogue steps of the operation that makes one of their operands. That operation
/// is a convolution, a linear layer or an operation that can itself be a step. Its value must have no other use, and the other operand must
/// exist by then. If two convolutions meet in an addition, the later one takes the result of the other.
void fuse_shortcuts(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
