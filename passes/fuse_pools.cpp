/// \file Which operations are pools here.
#include "passes/fuse_pools.h"

#include "passes/absorption.h"

namespace resnetc::passes {

void fuse_pools(graph::Graph& graph, PassContext& context) {
  fuse_into(graph, context, "fuse-pools", [](OpKind kind) {
    switch (kind) {
      case OpKind::max_pool:
      case OpKind::avg_pool:
      case OpKind::global_avg_pool:
      case OpKind::pad_channels: return true;
      // fuse-shortcuts has been there; an input has no arithmetic to hide the steps behind, and nothing follows a softmax.
      case OpKind::input:
      case OpKind::conv2d:
      case OpKind::linear:
      case OpKind::batch_norm:
      case OpKind::affine:
      case OpKind::relu:
      case OpKind::sigmoid:
      case OpKind::add:
      case OpKind::mul:
      case OpKind::softmax: return false;
    }
    return false;
  });
}

}  // namespace resnetc::passes
