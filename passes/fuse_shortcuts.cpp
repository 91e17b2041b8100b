/// \file Which operations take an epilogue before pools do.
#include "passes/fuse_shortcuts.h"

#include "passes/epilogue.h"

namespace resnetc::passes {

void fuse_shortcuts(graph::Graph& graph, PassContext& context) {
  fuse_into(graph, context, "fuse-shortcuts", [](OpKind kind) {
    switch (kind) {
      case OpKind::conv2d:
      case OpKind::linear:
      case OpKind::affine:
      case OpKind::relu:
      case OpKind::sigmoid:
      case OpKind::add:
      case OpKind::mul: return true;
      default: return false;
    }
  });
}

}  // namespace resnetc::passes
