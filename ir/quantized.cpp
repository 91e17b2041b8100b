/// \file Units of quantized operations.
#include "ir/quantized.h"

#include <algorithm>

namespace resnetc::graph {

namespace {

/// Steps that make of a multiple of x, and of constants that count units, the same multiple of what they make of x.
constexpr OpSet unitless_steps{OpKind::bias,       OpKind::scale, OpKind::multiply, OpKind::relu,
                               OpKind::leaky_relu, OpKind::prelu, OpKind::clip,     OpKind::mul};
/// Others that round once.
constexpr OpSet other_exact_steps{OpKind::add, OpKind::project, OpKind::square};
/// Those whose constants count units.
constexpr OpSet with_units{OpKind::bias, OpKind::clip};

bool is_quantized(const Graph& graph, ValueId id) { return graph.op(id).type.is_quantized(); }

/// Whether the operation or step means the same in every unit.
bool is_unitless(const Graph& graph, OpKind kind, ValueId operand) {
  if (kind == OpKind::add) return is_quantized(graph, operand);
  if (kind == OpKind::mul) return !is_quantized(graph, operand);
  return unitless_steps.has(kind);
}

RecipePtr counted(const RecipePtr& recipe, float unit) { return mul(recipe, fill(1.0 / static_cast<double>(unit), recipe->shape)); }

}  // namespace

int64_t terms_of(const Graph& graph, const Op& op) {
  const OpAttributes& a = op.attributes;
  if (op.kind == OpKind::global_avg_pool) return graph.op(op.operands[0]).type.pixels();
  if (op.kind == OpKind::avg_pool) return a.kernel.h * a.kernel.w;
  int64_t terms = graph.op(op.operands[0]).type.channels / a.groups * a.kernel.h * a.kernel.w;
  for (const Step& step : op.epilogue) {
    if (step.kind == StepKind::project) terms += graph.op(step.operand).type.channels;
  }
  return terms;
}

bool is_quantized(const Graph& graph, const Op& op) {
  const auto reads = [&](ValueId id) { return id != no_value && is_quantized(graph, id); };
  return op.type.is_quantized() || std::any_of(op.operands.begin(), op.operands.end(), reads) ||
         std::any_of(op.epilogue.begin(), op.epilogue.end(), [&](const Step& step) { return reads(step.operand); });
}

bool sums_integers(const Graph& graph, const Op& op) { return summing_ops.has(op.kind) && is_quantized(graph, op.operands[0]); }

size_t integer_steps(const Graph& graph, const Op& op) {
  if (!sums_integers(graph, op)) return 0;
  const auto is_sum = [](const Step& step) { return integer_sums.has(step.kind); };
  return static_cast<size_t>(std::find_if_not(op.epilogue.begin(), op.epilogue.end(), is_sum) - op.epilogue.begin());
}

bool has_exact_integers(const Graph& graph, const Op& op) {
  if (!op.type.is_quantized() || (summing_ops.has(op.kind) && !sums_integers(graph, op))) return false;
  if (op.operands[0] == 0 && is_normalised(graph.input)) return false;  // normalising rounds more than once
  const auto exact = [](OpKind kind) { return unitless_steps.has(kind) || other_exact_steps.has(kind); };
  return (!is_step(op.kind) || exact(op.kind)) &&
         std::all_of(op.epilogue.begin(), op.epilogue.end(), [&](const Step& step) { return exact(step.kind); });
}

void to_numbers(const TensorType& type, std::vector<double>& values) {
  if (!type.is_quantized()) return;
  const auto scale = static_cast<double>(type.quantization.scale);
  for (double& value : values) value = scale * (value - type.quantization.zero);
}

int integer_operands(const Graph& graph, const Op& op) {
  if (!is_quantized(graph, op)) return 0;
  int count = op.type.is_quantized() ? operands_of(StepKind::multiply) + operands_of(StepKind::round) : 0;
  count += sums_integers(graph, op) ? operands_of(StepKind::bias) : operands_of(StepKind::dequantize);
  const int joined = operands_of(StepKind::add_quantized) - operands_of(StepKind::add);
  for (const Step& step : op.epilogue) count += info(step.kind).joins_in_place() ? joined : 0;
  return count + (info(op.kind).joins_in_place() ? joined : 0);
}

float unit_of(const Graph& graph, const Op& op) {
  if (!op.type.is_quantized() || op.operands.empty() || !is_quantized(graph, op.operands[0])) return 1;
  if (is_step(op.kind) && !is_unitless(graph, op.kind, op.operands.back())) return 1;
  for (size_t i = integer_steps(graph, op); i < op.epilogue.size(); ++i) {
    if (!is_unitless(graph, op.epilogue[i].kind, op.epilogue[i].operand)) return 1;
  }
  return op.type.quantization.scale;
}

float factor_of(const Quantization& quantization, float unit) {
  return static_cast<float>(static_cast<double>(quantization.scale) / static_cast<double>(unit));
}

Step in_units(Step step, bool first, float unit) {
  if (unit == 1 || !(first || with_units.has(step.kind))) return step;
  for (RecipePtr& constant : step.constants) constant = counted(constant, unit);
  return step;
}

}  // namespace resnetc::graph
