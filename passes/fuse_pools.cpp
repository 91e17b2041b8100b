/// \file The operations that count as pools here: those that reduce, measure or rearrange what they read.
#include "passes/fuse_pools.h"

#include "passes/absorption.h"

namespace resnetc::passes {

void fuse_pools(graph::Graph& graph, PassContext& context) {
  fuse_into(graph, context, "fuse-pools", [](OpKind kind) {
    switch (program::family_of(info(kind).kernel)) {
      case program::KernelFamily::pool:
      case program::KernelFamily::global_pool:
      case program::KernelFamily::rearrangement:
      case program::KernelFamily::norm:
      case program::KernelFamily::softmax: return true;
      case program::KernelFamily::copy:
        return kind == OpKind::pad_channels;  // other copies are steps, which fuse-shortcuts has fused already
      // fuse-shortcuts has handled these kinds. An input has no arithmetic that could hide the steps' time.
      case program::KernelFamily::product:
      case program::KernelFamily::port: break;
    }
    return false;
  });
}

}  // namespace resnetc::passes
