/// \file Finds the values that share memory, then changes types.
#include "passes/narrow_values.h"

#include <vector>

#include "ir/quantized.h"

namespace resnetc::passes {

void narrow_values(graph::Graph& graph, PassContext& context) {
  if (context.values_element == ElementType::f32) return;
  std::vector<bool> wide(graph.ops.size());
  wide[0] = true;
  for (const graph::Output& output : graph.outputs) wide[static_cast<size_t>(output.value)] = true;
  for (size_t i = 0; i < wide.size(); ++i) wide[i] = wide[i] || graph.ops[i].type.pixels() == 1;
  // The parts of a value have the whole's elements. A part may be part of several values, so this goes on until nothing changes.
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < wide.size(); ++i) {
      const graph::Op& op = graph.ops[i];
      if (!graph::part_ops.has(op.kind)) continue;
      bool any = wide[i];
      for (const graph::ValueId v : op.operands) any = any || wide[static_cast<size_t>(v)];
      const auto widen = [&](size_t v) {
        changed = changed || !wide[v];
        wide[v] = true;
      };
      if (!any) continue;
      widen(i);
      for (const graph::ValueId v : op.operands) widen(static_cast<size_t>(v));
    }
  }
  for (size_t i = 0; i < wide.size(); ++i) {
    if (!wide[i]) graph.ops[i].type.element = context.values_element;
  }
}

}  // namespace resnetc::passes
