/// \file The input's layout, algorithms, and pools that become a part of a kernel.
#include "passes/selection/choices.h"

#include <algorithm>

#include "ir/packing.h"
#include "passes/algorithms.h"

namespace resnetc::passes {
namespace {

using graph::StepKind;
using program::AlgorithmChoice;
using program::Convolution;

/// Whether each operation that reads the value may do so, and neither a step nor an output does.
template <class May>
bool only_read_by(const graph::Graph& graph, graph::ValueId value, May may) {
  for (const graph::Op& op : graph.ops) {
    if (std::find(op.operands.begin(), op.operands.end(), value) != op.operands.end() && !may(op)) return false;
    for (const graph::Step& step : op.epilogue) {
      if (step.operand == value) return false;
    }
  }
  return std::none_of(graph.outputs.begin(), graph.outputs.end(), [&](const graph::Output& output) { return output.value == value; });
}

/// Whether only convolutions read the input, which then has no gaps between its pixels.
bool only_convolutions_read_input(const graph::Graph& graph) {
  const auto convolution = [](const graph::Op& op) { return info(op.kind).kernel == program::KernelKind::conv2d; };  // or a linear layer
  return graph.ops.front().epilogue.empty() && only_read_by(graph, 0, convolution);
}

Convolution convolution_of(const graph::Graph& graph, const graph::Op& op, bool input_as_it_is) {
  Convolution convolution{graph.op(op.operands[0]).type, op.type, op.attributes, {}, op.operands[0] == 0 && input_as_it_is};
  convolution.weight = program::weight_type(*op.constants[0]);
  for (const graph::Step& step : op.epilogue) {
    if (step.kind == StepKind::project) convolution.projected.push_back(graph.op(step.operand).type.channels);
  }
  return convolution;
}

void choose_for_convolutions(const graph::Graph& graph, const PassContext& context, KernelChoices& choices) {
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (graph.ops[i].kind != OpKind::conv2d) continue;
    choices.values.push_back(static_cast<graph::ValueId>(i));
    choices.convolutions.push_back(convolution_of(graph, graph.ops[i], choices.input_as_it_is));
  }
  choices.algorithms.resize(graph.ops.size());
  // A GPU's convolutions are direct sums.
  choices.set_convolution_algorithms(
      choose_algorithms(choices.convolutions, *context.machine, context.target->on_gpu() ? 0 : context.winograd_tile));
}

/// Finds what the load makes.
void find_loaded(const graph::Graph& graph, KernelChoices& choices) {
  const auto is_conversion = [](const graph::Op& op) { return op.kind == OpKind::convert && op.operands[0] == 0; };
  const auto found = std::find_if(graph.ops.begin(), graph.ops.end(), is_conversion);
  if (found == graph.ops.end() || use_counts(graph)[0] != 1) return;
  choices.loaded = static_cast<graph::ValueId>(found - graph.ops.begin());
  const auto sums = [](const graph::Op& op) { return op.kind == OpKind::conv2d && op.attributes.groups == 1; };
  choices.loaded_in_fours =
      found->type.channels <= program::channels_in_fours && found->epilogue.empty() && only_read_by(graph, choices.loaded, sums);
}

/// Whether the kernel of the pool's operand, which the pool alone reads if `alone`, may end with the pool.
bool may_end_with(const graph::Op& pool, const graph::Op& operand, const AlgorithmChoice& algorithm, bool alone) {
  if (pool.kind != OpKind::max_pool || !pool.epilogue.empty()) return false;
  if (!alone || operand.kind != OpKind::conv2d || operand.operands[0] != 0) return false;
  const OpAttributes& a = pool.attributes;
  if (!algorithm.by->pools(algorithm, operand.type, a)) return false;
  const Extent2 pad = a.pad.largest();
  if (a.kernel.h * a.kernel.w > 16 || 2 * pad.h >= a.kernel.h || 2 * pad.w >= a.kernel.w) return false;
  return std::all_of(operand.epilogue.begin(), operand.epilogue.end(), [](const graph::Step& s) { return s.operand == graph::no_value; });
}

/// Makes a pool that is the only reader of the first layer's result a part of that layer's kernel, so that the largest tensor of the
/// network is never written.
void find_pools(const graph::Graph& graph, KernelChoices& choices) {
  choices.pools.assign(graph.ops.size(), graph::no_value);
  const std::vector<int> uses = use_counts(graph);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const graph::Op& op = graph.ops[i];
    if (op.operands.empty()) continue;
    const graph::ValueId operand = op.operands[0];
    const bool alone = uses[static_cast<size_t>(operand)] == 1;
    if (!may_end_with(op, graph.op(operand), choices.algorithm(operand), alone)) continue;
    choices.pools[static_cast<size_t>(operand)] = static_cast<graph::ValueId>(i);
    choices.pools[i] = operand;
  }
}

}  // namespace

std::vector<AlgorithmChoice> KernelChoices::convolution_algorithms() const {
  std::vector<AlgorithmChoice> chosen;
  for (graph::ValueId value : values) chosen.push_back(algorithm(value));
  return chosen;
}

void KernelChoices::set_convolution_algorithms(const std::vector<AlgorithmChoice>& chosen) {
  for (size_t i = 0; i < values.size(); ++i) algorithms[static_cast<size_t>(values[i])] = chosen[i];
}

KernelChoices choose_kernels(const graph::Graph& graph, const PassContext& context) {
  KernelChoices choices;
  choices.input_as_it_is = only_convolutions_read_input(graph);
  choose_for_convolutions(graph, context, choices);
  find_pools(graph, choices);
  find_loaded(graph, choices);
  return choices;
}

}  // namespace resnetc::passes
