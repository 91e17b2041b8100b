/// \file Graph pass: the projection of a conv block, a 1x1 convolution on its skip edge, into the convolution that it is added to: both are
/// summed in the same registers, and the shortcut's tensor is never written.
#pragma once

#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

/// An addition of two convolutions, one of which has no other use, becomes one with a project step where one of the two is a projection,
/// of a 1x1 window without padding and groups, and nothing but a bias is done to it before. Their biases become one.
void fuse_projections(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
