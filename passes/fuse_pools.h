/// \file fuse-pools: takes element-wise operations after a pool into the pool's kernel.
#pragma once

#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

/// (That the first layer's kernel can end with a pool is a choice of kernels: passes/selection/choices.cpp.)
///
/// As fuse-shortcuts, for pools and pad_channels as producers: what no convolution could take.
void fuse_pools(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
