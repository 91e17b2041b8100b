/// \file A tool for passes that take one operation into another, such as fold-batch-norm, fuse-shortcuts and fuse-pools. It decides whether
/// an operation may become the last step of another, and makes it one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "passes/context.h"
#include "support/failure.h"

namespace resnetc::passes {

/// A graph while operations are taken into earlier ones. The pass visits each operation once, in order, so that the time for the whole
/// graph is proportional to its size.
class Absorption {
 public:
  explicit Absorption(graph::Graph& graph);

  /// Replaces the operands of `op` by the operations that now stand for them. Call it for each operation, in order, before any other
  /// question about it.
  void visit(graph::ValueId op);
  int uses(graph::ValueId value) const { return uses_[static_cast<size_t>(value)]; }

  /// Whether `op` may become the last step of `producer`'s epilogue; if not, the failure says why. `op` must be of a kind that can be a
  /// step. The caller decides which producers may take it.
  Result<> may_absorb(graph::ValueId producer, graph::ValueId op) const;
  /// Appends `op` and its epilogue to `producer`, which stands for `op` from then on.
  void absorb(graph::ValueId producer, graph::ValueId op);
  /// Gives `producer`, whose only use is `op`, the name of `op` and lets it stand for `op` everywhere. `op` must have no epilogue.
  void replace(graph::ValueId producer, graph::ValueId op);

  /// Call it after the last operation. It updates the outputs and removes the operations that were replaced.
  void finish();

 private:
  graph::Graph& graph_;
  std::vector<int> uses_;
  std::vector<graph::ValueId> stands_for_;
};

/// Visits the element-wise operations in order. The first operand of each that `is_producer` accepts and that may absorb the operation
/// absorbs it. Remarks say what was fused, and why producers that `is_producer` accepts could not absorb an operation.
void fuse_into(graph::Graph& graph, PassContext& context, std::string_view pass, bool (*is_producer)(OpKind));

}  // namespace resnetc::passes
