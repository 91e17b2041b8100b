/// \file fuse-shortcuts: shortcut additions and element-wise operations go into the kernel that produces their operand.
#pragma once

#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

/// Operations that can be steps (graph::is_step()) become epilogue steps of the convolution, linear layer or operation of their own sort
/// that makes one of their operands, where that value has no other use and the other operand is already there. Of two convolutions that
/// meet in an addition the one that runs later takes the other's result.
void fuse_shortcuts(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
