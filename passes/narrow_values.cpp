/// \file Finds the values that share memory, then changes types.
#include "passes/narrow_values.h"

#include <vector>

#include "ir/quantized.h"
#include "support/disjoint_sets.h"

namespace resnetc::passes {

void narrow_values(graph::Graph& graph, PassContext& context) {
  if (context.values_element == ElementType::f32) return;
  DisjointSets sharing(graph.ops.size());  // parts of a value share its memory, and so its elements' type
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (!graph::part_ops.has(graph.ops[i].kind)) continue;
    for (const graph::ValueId v : graph.ops[i].operands) sharing.join(i, static_cast<size_t>(v));
  }
  std::vector<bool> wide(graph.ops.size());  // of the leader of each set: whether one of them keeps f32
  const auto keep = [&](size_t v) { wide[sharing.leader(v)] = true; };
  keep(0);
  for (const graph::Output& output : graph.outputs) keep(static_cast<size_t>(output.value));
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (graph.ops[i].type.pixels() == 1) keep(i);
  }
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (!wide[sharing.leader(i)]) graph.ops[i].type.element = context.values_element;
  }
}

}  // namespace resnetc::passes
