/// \file Which operations are pools here.
#include "passes/fuse_pools.h"

#include "passes/epilogue.h"

namespace resnetc::passes {

void fuse_pools(graph::Graph& graph, PassContext& context) {
  fuse_into(graph, context, "fuse-pools", [](OpKind kind) {
    return kind == OpKind::max_pool || kind == OpKind::avg_pool || kind == OpKind::global_avg_pool || kind == OpKind::pad_channels;
  });
}

}  // namespace resnetc::passes
