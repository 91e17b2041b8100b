/// \file fuse-projections: takes the projection of a conv block, a 1x1 convolution on its skip edge, into the convolution to which it is
/// added. Both are summed in the same registers, and the shortcut's tensor is never written.
#pragma once

#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

/// Two convolutions that are added become one convolution with a project step, if one of the two is a projection: a 1x1 window without
/// padding and groups. The convolution that is absorbed must have no other use and do nothing but add a bias to its sums. The biases become
/// one.
void fuse_projections(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
