/// \file The operations that count as pools here: those that reduce, measure or rearrange what they read.
#include "passes/fuse_pools.h"

#include "passes/absorption.h"

namespace resnetc::passes {

void fuse_pools(graph::Graph& graph, PassContext& context) {
  fuse_into(graph, context, "fuse-pools", [](OpKind kind) {
    switch (info(kind).kernel) {
      case program::KernelKind::max_pool:
      case program::KernelKind::avg_pool:
      case program::KernelKind::global_avg_pool:
      case program::KernelKind::global_max_pool:
      case program::KernelKind::global_l2_pool:
      case program::KernelKind::flatten:
      case program::KernelKind::unflatten:
      case program::KernelKind::pad:
      case program::KernelKind::pixel_unshuffle:
      case program::KernelKind::upsample:
      case program::KernelKind::pixel_shuffle:
      case program::KernelKind::channel_shuffle:
      case program::KernelKind::softmax:
      case program::KernelKind::layer_norm:
      case program::KernelKind::group_norm:
      case program::KernelKind::rms_norm:
      case program::KernelKind::mean_norm: return true;
      case program::KernelKind::copy:
        return kind == OpKind::pad_channels;  // other copies are steps, which fuse-shortcuts has fused already
      // fuse-shortcuts has handled these kinds. An input has no arithmetic that could hide the steps' time.
      case program::KernelKind::conv2d:
      case program::KernelKind::load:
      case program::KernelKind::store: break;
    }
    return false;
  });
}

}  // namespace resnetc::passes
