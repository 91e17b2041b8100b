/// \file fuse-pools: takes element-wise operations after a pool into the pool's kernel.
#pragma once

#include "ir/graph.h"
#include "passes/pipeline.h"

namespace resnetc::passes {

/// (select-kernels decides whether the first layer's kernel ends with a pool: passes/select_kernels.cpp.)
///
/// The pass works like fuse-shortcuts, but the producers are max_pool, avg_pool, global_avg_pool and pad_channels. It takes the operations
/// that no convolution could take.
void fuse_pools(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
