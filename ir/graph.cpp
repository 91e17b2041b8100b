/// \file Questions every pass asks of a graph: uses, cost, which checkpoint tensors it reads.
#include "ir/graph.h"

namespace resnetc::graph {

std::vector<int> use_counts(const Graph& graph) {
  std::vector<int> uses(graph.ops.size(), 0);
  for (const Op& op : graph.ops) {
    for (ValueId v : op.operands) ++uses[static_cast<size_t>(v)];
    for (const Step& s : op.epilogue) {
      if (s.operand != no_value) ++uses[static_cast<size_t>(s.operand)];
    }
  }
  for (const Output& o : graph.outputs) ++uses[static_cast<size_t>(o.value)];
  return uses;
}

void remove_unused(Graph& graph) {
  std::vector<bool> live(graph.ops.size(), false);
  if (!live.empty()) live[0] = true;
  for (const Output& o : graph.outputs) live[static_cast<size_t>(o.value)] = true;
  for (size_t i = graph.ops.size(); i-- > 0;) {
    if (!live[i]) continue;
    for (ValueId v : graph.ops[i].operands) live[static_cast<size_t>(v)] = true;
    for (const Step& s : graph.ops[i].epilogue) {
      if (s.operand != no_value) live[static_cast<size_t>(s.operand)] = true;
    }
  }
  std::vector<ValueId> renumbered(graph.ops.size(), no_value);
  std::vector<Op> kept;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (!live[i]) continue;
    renumbered[i] = static_cast<ValueId>(kept.size());
    Op& op = kept.emplace_back(std::move(graph.ops[i]));
    for (ValueId& v : op.operands) v = renumbered[static_cast<size_t>(v)];
    for (Step& s : op.epilogue) {
      if (s.operand != no_value) s.operand = renumbered[static_cast<size_t>(s.operand)];
    }
  }
  graph.ops = std::move(kept);
  for (Output& o : graph.outputs) o.value = renumbered[static_cast<size_t>(o.value)];
}

int64_t multiply_adds(const Graph& graph, const Op& op) {
  if (op.operands.empty()) return 0;
  return resnetc::multiply_adds(op.kind, op.attributes, graph.op(op.operands[0]).type, op.type);
}

std::vector<TensorRef> checkpoint_tensors(const Graph& graph) {
  std::vector<TensorRef> refs;
  for (const Op& op : graph.ops) {
    for (const RecipePtr& c : op.constants) collect_tensors(*c, refs);
    for (const Step& s : op.epilogue) {
      if (s.constant) collect_tensors(*s.constant, refs);
      if (s.constant2) collect_tensors(*s.constant2, refs);
    }
  }
  return refs;
}

}  // namespace resnetc::graph
