/// \file For passes that take one operation into another, as fold-batch-norm, fuse-shortcuts and fuse-pools do: whether an operation may
/// become the last step of another, and doing it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "passes/context.h"
#include "support/failure.h"

namespace resnetc::passes {

/// A graph while operations are taken into the ones before them. Visits each operation in order and once, so that a rewrite of the whole
/// graph takes time in proportion to its size.
class Absorption {
 public:
  explicit Absorption(graph::Graph& graph);

  /// To be called for each operation, in order, before anything else is asked about it: its operands become those that stand for them now.
  void visit(graph::ValueId op);
  int uses(graph::ValueId value) const { return uses_[static_cast<size_t>(value)]; }

  /// Whether operation `op` may become the last step of `producer`'s epilogue; if not, why not. `op` must be of a kind that
  /// can be a step; which producers take one is the caller's business.
  Result<> may_absorb(graph::ValueId producer, graph::ValueId op) const;
  /// Appends `op` and its epilogue to `producer`, which replaces it.
  void absorb(graph::ValueId producer, graph::ValueId op);
  /// `producer`, whose only use is `op`, takes the name of `op` and stands for it everywhere. `op` must have no epilogue.
  void replace(graph::ValueId producer, graph::ValueId op);

  /// After the last operation: outputs follow, and what was replaced goes.
  void finish();

 private:
  graph::Graph& graph_;
  std::vector<int> uses_;
  std::vector<graph::ValueId> stands_for_;
};

/// For each element-wise operation in order, the first of its operands that `is_producer` admits and that may absorb it does so. Remarks
/// say what was fused, and of producers that were admitted but could not, why.
void fuse_into(graph::Graph& graph, PassContext& context, std::string_view pass, bool (*is_producer)(OpKind));

}  // namespace resnetc::passes
