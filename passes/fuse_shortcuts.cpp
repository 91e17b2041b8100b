/// \file The operations that take an epilogue before fuse-pools.
#include "passes/fuse_shortcuts.h"

#include "passes/absorption.h"

namespace resnetc::passes {

void fuse_shortcuts(graph::Graph& graph, PassContext& context) {
  fuse_into(graph, context, "fuse-shortcuts",
            [](OpKind kind) { return kind == OpKind::conv2d || kind == OpKind::linear || graph::is_step(kind); });
}

}  // namespace resnetc::passes
