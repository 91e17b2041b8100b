/// \file Rebuilds a graph with the parts of its operations.
#include "passes/split_roundings.h"

#include <iterator>
#include <optional>
#include <utility>

#include "ir/quantized.h"
#include "passes/unique_names.h"

namespace resnetc::passes {

namespace {

using graph::Graph;
using graph::Op;
using graph::Step;
using graph::StepKind;
using graph::ValueId;

/// The number, in the epilogue, of the last rounding behind which the operation ends; it may be the last step if `last` says so.
std::optional<size_t> find_end(const Graph& graph, const Op& op, const EndsBehind& ends, bool last) {
  const size_t own = graph::is_step(op.kind) ? 1 : 0;
  for (size_t i = op.epilogue.size() - (last || op.epilogue.empty() ? 0 : 1); i-- > 0;) {
    if (op.epilogue[i].kind == StepKind::fake_quantize && ends(graph, op, own + i)) return i;
  }
  return std::nullopt;
}

/// The operation that does the steps of `op` from `begin` on. Its first operand and its name are the caller's.
Op rest_of(const Op& op, size_t begin) {
  Op rest;
  rest.kind = OpKind::convert;
  rest.type = op.type;
  rest.operands = {graph::no_value};
  rest.at = op.at;
  if (begin == op.epilogue.size()) return rest;
  const Step& first = op.epilogue[begin];
  rest.kind = first.kind;
  if (first.operand != graph::no_value) rest.operands.push_back(first.operand);
  rest.constants = first.constants;
  rest.epilogue.assign(op.epilogue.begin() + static_cast<ptrdiff_t>(begin) + 1, op.epilogue.end());
  return rest;
}

/// Puts `first` and `second`, which reads it and takes its name, in the place of operation `i`, which everything else knew.
void put(Graph& graph, size_t i, Op first, Op second, UniqueNames& names, const char* ending) {
  second.name = std::exchange(first.name, names.unique(first.name + ending));
  second.operands[0] = static_cast<ValueId>(i);
  const auto moved = [&](ValueId& id) { id += id >= static_cast<ValueId>(i) ? 1 : 0; };
  for (size_t k = i + 1; k < graph.ops.size(); ++k) {
    for (ValueId& operand : graph.ops[k].operands) moved(operand);
    for (Step& step : graph.ops[k].epilogue) moved(step.operand);
  }
  for (graph::Output& output : graph.outputs) moved(output.value);
  graph.ops[i] = std::move(second);
  graph.ops.insert(graph.ops.begin() + static_cast<ptrdiff_t>(i), std::move(first));
}

void split(Graph& graph, const EndsBehind& ends, bool with_integers) {
  UniqueNames names(graph);
  for (size_t i = 0; i < graph.ops.size();) {
    const Op& op = graph.ops[i];
    const std::optional<size_t> found = find_end(graph, op, ends, with_integers);
    if (!found) {
      i += 1;
      continue;
    }
    const bool rounds = with_integers && !graph::can_make_integers(op.kind);  // in an operation of its own
    Op first = op, second = rest_of(op, rounds ? *found : *found + 1);
    const Step rounding = op.epilogue[*found];
    first.type = first.type.of_numbers();
    first.epilogue.resize(*found + (with_integers ? 0 : 1));
    if (with_integers && !rounds) {
      first.type.element = ElementType::u8;
      first.type.quantization = *graph::quantization_of(rounding.kind, rounding.constants);
    }
    put(graph, i, std::move(first), std::move(second), names, !with_integers || rounds ? ".part" : ".u8");  // the first may be split again
  }
}

}  // namespace

void split_behind_roundings(Graph& graph, const EndsBehind& ends) { split(graph, ends, false); }
void end_with_integers(Graph& graph, const EndsBehind& ends) { split(graph, ends, true); }

}  // namespace resnetc::passes
