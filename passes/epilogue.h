/// \file What fold-batch-norm, fuse-shortcuts and fuse-pools share: whether an operation may become the last step of another, and doing it.
#pragma once

#include <string>
#include <string_view>

#include "ir/graph.h"
#include "passes/pipeline.h"

namespace resnetc::passes {

inline constexpr size_t max_epilogue_steps = 8;

/// Whether operation `op` may become the last step of `producer`'s epilogue; if not, the reason in `why`. The kinds of both are the
/// caller's business.
bool may_absorb(const graph::Graph& graph, const std::vector<int>& uses, graph::ValueId producer, graph::ValueId op, std::string& why);

/// Appends `op` and its epilogue to `producer`, which takes its name and stands for it everywhere. `op` is left unused.
void absorb(graph::Graph& graph, std::vector<int>& uses, graph::ValueId producer, graph::ValueId op);

/// Every use of `from` becomes one of `to`; `uses` follows.
void replace_uses(graph::Graph& graph, std::vector<int>& uses, graph::ValueId from, graph::ValueId to);

/// For each element-wise operation in order, the first of its operands that `is_producer` admits and that may absorb it does so. Remarks
/// say what was fused, and of producers that were admitted but could not, why.
void fuse_into(graph::Graph& graph, PassContext& context, std::string_view pass, bool (*is_producer)(OpKind));

}  // namespace resnetc::passes
