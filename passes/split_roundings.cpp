/// \file Rebuilds a graph with the parts of its operations.
#include "passes/split_roundings.h"

#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "ir/quantized.h"
#include "passes/unique_names.h"

namespace resnetc::passes {

namespace {

using graph::Graph;
using graph::Op;
using graph::Step;
using graph::StepKind;
using graph::ValueId;

/// The number, in the epilogue, of the last step that begins another operation.
std::optional<size_t> find_split(const Graph& graph, const Op& op, const std::function<bool(const Graph&, const Op&, size_t)>& should) {
  const size_t own = graph::is_step(op.kind) ? 1 : 0;
  for (size_t i = op.epilogue.size(); i-- > 0;) {
    if (op.epilogue[i].kind == StepKind::fake_quantize && should(graph, op, own + i)) return i;
  }
  return std::nullopt;
}

}  // namespace

void split_roundings(Graph& graph, const std::function<bool(const Graph&, const Op&, size_t)>& should) {
  UniqueNames names(graph);
  for (size_t i = 0; i < graph.ops.size();) {
    const std::optional<size_t> found = find_split(graph, graph.ops[i], should);
    if (!found) {
      i += 1;
      continue;
    }
    Op first = graph.ops[i], second;
    const auto at = first.epilogue.begin() + static_cast<ptrdiff_t>(*found);
    second.kind = at->kind;
    second.name = std::exchange(first.name, names.unique(first.name + ".unrounded"));
    second.type = first.type;
    second.operands = {static_cast<ValueId>(i)};
    second.constants = std::move(at->constants);
    second.epilogue.assign(std::make_move_iterator(at + 1), std::make_move_iterator(first.epilogue.end()));
    second.at = first.at;
    first.epilogue.erase(at, first.epilogue.end());
    first.type = first.type.of_numbers();
    // What is behind the first part moves by one. That part is read by the second alone.
    const auto moved = [&](ValueId& id) { id += id >= static_cast<ValueId>(i) ? 1 : 0; };
    for (size_t k = i + 1; k < graph.ops.size(); ++k) {
      for (ValueId& operand : graph.ops[k].operands) moved(operand);
      for (Step& step : graph.ops[k].epilogue) moved(step.operand);
    }
    for (graph::Output& output : graph.outputs) moved(output.value);
    graph.ops[i] = std::move(second);
    graph.ops.insert(graph.ops.begin() + static_cast<ptrdiff_t>(i), std::move(first));  // and may be split again
  }
}

}  // namespace resnetc::passes
