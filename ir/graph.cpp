/// \file Questions of passes about a graph: uses, dead operations and checkpoint tensors.
#include "ir/graph.h"

#include <unordered_set>

namespace resnetc::graph {

namespace {

template <class Function>
void for_each_use(const Op& op, Function f) {
  for (ValueId id : op.operands) f(id);
  for (const Step& step : op.epilogue) {
    if (step.operand != no_value) f(step.operand);
  }
}

}  // namespace

OpAttributes kept_attributes(OpKind kind, const OpAttributes& attributes) {
  if (is_step(kind)) return {};
  OpAttributes kept = attributes;
  for_each_attribute([&](const auto& one) {
    if (one.reach == Reach::topology) one.reset(kept);
  });
  return kept;
}

std::vector<int> use_counts(const Graph& graph) {
  std::vector<int> counts(graph.ops.size());
  for (const Op& op : graph.ops) {
    for_each_use(op, [&](ValueId id) { ++counts[static_cast<size_t>(id)]; });
  }
  for (const Output& output : graph.outputs) ++counts[static_cast<size_t>(output.value)];
  return counts;
}

void remove_unused(Graph& graph) {
  if (graph.ops.empty()) return;
  std::vector<bool> used(graph.ops.size());
  used[0] = true;
  for (const Output& output : graph.outputs) used[static_cast<size_t>(output.value)] = true;
  // Operands come before their users, so one walk from the end meets every use before the definition.
  for (size_t i = graph.ops.size(); i-- > 0;) {
    if (used[i]) for_each_use(graph.ops[i], [&](ValueId id) { used[static_cast<size_t>(id)] = true; });
  }
  std::vector<ValueId> renumbered(graph.ops.size(), no_value);
  std::vector<Op> kept;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (!used[i]) continue;
    renumbered[i] = static_cast<ValueId>(kept.size());
    Op& op = kept.emplace_back(std::move(graph.ops[i]));
    for (ValueId& id : op.operands) id = renumbered[static_cast<size_t>(id)];
    for (Step& step : op.epilogue) {
      if (step.operand != no_value) step.operand = renumbered[static_cast<size_t>(step.operand)];
    }
  }
  for (Output& output : graph.outputs) output.value = renumbered[static_cast<size_t>(output.value)];
  graph.ops = std::move(kept);
}

int most_operands(const Op& op) {
  int count = 2;                          // the tensors that the operation reads and writes
  if (product_ops.has(op.kind)) ++count;  // its weight
  // A batch norm that stays alone becomes an affine.
  const OpKind own = op.kind == OpKind::batch_norm ? OpKind::affine : op.kind;
  if (is_step(own)) count += operands_of(own);
  for (const Step& step : op.epilogue) count += operands_of(step.kind);
  return count;
}

int64_t multiply_adds(const Graph& graph, const Op& op) {
  if (op.operands.empty()) return 0;
  int64_t sum = resnetc::multiply_adds(op.kind, op.attributes, graph.op(op.operands[0]).type, op.type);
  for (const Step& step : op.epilogue) {
    if (step.kind != StepKind::project) continue;
    sum += resnetc::multiply_adds(OpKind::conv2d, projection(op.type.channels), graph.op(step.operand).type, op.type);
  }
  return sum;
}

std::vector<TensorRef> checkpoint_tensors(const Graph& graph) {
  std::vector<TensorRef> all;
  std::unordered_set<std::string> seen;
  const auto collect = [&](const RecipePtr& recipe) {
    if (!recipe) return;
    std::vector<TensorRef> here;
    collect_tensors(*recipe, here);
    for (TensorRef& ref : here) {
      std::string key = ref.name;
      for (int64_t d : ref.shape) key += "," + std::to_string(d);
      if (seen.insert(std::move(key)).second) all.push_back(std::move(ref));
    }
  };
  for (const Op& op : graph.ops) {
    for (const RecipePtr& recipe : op.constants) collect(recipe);
    for (const Step& step : op.epilogue) {
      for (const RecipePtr& recipe : step.constants) collect(recipe);
    }
  }
  return all;
}

}  // namespace resnetc::graph
