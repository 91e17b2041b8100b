/// \file Units of quantized operations.
#include "ir/quantized.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace resnetc::graph {

namespace {

/// Steps that make of a multiple of x, and of constants that count units, the same multiple of what they make of x.
constexpr OpSet unitless_steps{OpKind::bias,       OpKind::scale, OpKind::multiply, OpKind::relu,
                               OpKind::leaky_relu, OpKind::prelu, OpKind::clip,     OpKind::mul};
/// Others that round once.
constexpr OpSet other_exact_steps{OpKind::add, OpKind::project, OpKind::rescale, OpKind::square, OpKind::fake_quantize};
/// Those whose constants count units.
constexpr OpSet with_units{OpKind::bias, OpKind::clip};

bool is_quantized(const Graph& graph, ValueId id) { return graph.op(id).type.is_quantized(); }

/// Whether the operation or step means the same in every unit.
bool is_unitless(const Graph& graph, OpKind kind, ValueId operand) {
  if (kind == OpKind::add) return is_quantized(graph, operand);
  if (kind == OpKind::mul) return !is_quantized(graph, operand);
  return unitless_steps.has(kind);
}

/// The number of steps `rescale`. What follows each may have a bias for its zeros.
int rescalings(const Op& op) {
  return static_cast<int>(
      std::count_if(op.epilogue.begin(), op.epilogue.end(), [](const Step& step) { return step.kind == StepKind::rescale; }));
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

std::vector<Step> steps_with(const Op& op) {
  std::vector<Step> steps;
  if (is_step(op.kind)) steps.push_back({op.kind, op.operands.size() > 1 ? op.operands[1] : no_value, op.constants});
  steps.insert(steps.end(), op.epilogue.begin(), op.epilogue.end());
  return steps;
}

std::optional<Quantization> quantization_of(StepKind kind, const std::vector<RecipePtr>& constants) {
  if (kind != StepKind::fake_quantize) return std::nullopt;
  return Quantization{.scale = static_cast<float>(constants[0]->value), .zero = static_cast<int32_t>(constants[1]->value)};
}

bool can_make_integers(OpKind kind) {
  return moving_ops.has(kind) || averaging_ops.has(kind) || kind == OpKind::convert || summing_ops.has(kind) || is_step(kind);
}

bool reads_integers(const Graph& graph, const Op& op) { return !op.operands.empty() && is_quantized(graph, op.operands[0]); }

bool mixes_integers(const Graph& graph, const Op& op) {
  const auto reads = [&](ValueId id) { return id != no_value && is_quantized(graph, id); };
  return op.type.is_quantized() || std::any_of(op.operands.begin(), op.operands.end(), reads) ||
         std::any_of(op.epilogue.begin(), op.epilogue.end(), [&](const Step& step) { return reads(step.operand); });
}

bool is_quantized(const Graph& graph, const Op& op) {
  const auto rounds = [](const Step& step) { return step.kind == StepKind::fake_quantize; };
  return op.kind == OpKind::fake_quantize || std::any_of(op.epilogue.begin(), op.epilogue.end(), rounds) || mixes_integers(graph, op);
}

bool sums_integers(const Graph& graph, const Op& op) { return summing_ops.has(op.kind) && is_quantized(graph, op.operands[0]); }

size_t integer_steps(const Graph& graph, const Op& op) {
  if (!sums_integers(graph, op)) return 0;
  const auto is_sum = [](const Step& step) { return integer_sums.has(step.kind); };
  return static_cast<size_t>(std::find_if_not(op.epilogue.begin(), op.epilogue.end(), is_sum) - op.epilogue.begin());
}

bool is_exact(const Graph& graph, const Op& op, size_t steps) {
  if (op.operands.empty() || (op.operands[0] == 0 && is_normalised(graph.input))) return false;  // normalising rounds more than once
  const bool from_integers = is_quantized(graph, op.operands[0]);
  if (summing_ops.has(op.kind) || averaging_ops.has(op.kind)) {
    if (!from_integers) return false;
  } else if (!can_make_integers(op.kind)) {
    return false;
  }
  const std::vector<Step> all = steps_with(op);
  const auto exact = [](const Step& step) { return unitless_steps.has(step.kind) || other_exact_steps.has(step.kind); };
  return std::all_of(all.begin(), all.begin() + static_cast<ptrdiff_t>(steps), exact);
}

bool has_exact_integers(const Graph& graph, const Op& op) { return op.type.is_quantized() && is_exact(graph, op, steps_with(op).size()); }

void to_numbers(const TensorType& type, std::vector<double>& values) {
  if (!type.is_quantized()) return;
  const auto scale = static_cast<double>(type.quantization.scale);
  for (double& value : values) value = scale * (value - type.quantization.zero);
}

void to_integers(const TensorType& type, std::vector<double>& values) {
  if (!type.is_quantized()) return;
  const auto scale = static_cast<double>(type.quantization.scale);
  constexpr double largest = 255;
  for (double& value : values) value = std::clamp(std::nearbyint(value / scale) + type.quantization.zero, 0.0, largest);
}

int integer_operands(const Graph& graph, const Op& op) {
  if (!is_quantized(graph, op)) return 0;
  int count = op.type.is_quantized() ? operands_of(StepKind::multiply) + operands_of(StepKind::round) : 0;
  const auto biased = std::any_of(op.epilogue.begin(), op.epilogue.end(), [](const Step& step) { return step.kind == StepKind::bias; });
  if (sums_integers(graph, op)) {
    count += biased ? 0 : operands_of(StepKind::bias);
    count += rescalings(op) * operands_of(StepKind::bias);
  } else if (reads_integers(graph, op)) {
    count += operands_of(StepKind::dequantize);
  }
  const int joined = operands_of(StepKind::add_quantized) - operands_of(StepKind::add);
  const int rounded = 2 * operands_of(StepKind::multiply) + operands_of(StepKind::nearest) - operands_of(StepKind::fake_quantize);
  for (const Step& step : steps_with(op)) {
    count += info(step.kind).joins_in_place() ? joined : step.kind == StepKind::fake_quantize ? rounded : 0;
  }
  return count;
}

Fault check_room(const Graph& graph, const Op& op) {
  if (!is_quantized(graph, op)) return std::nullopt;
  if (const int count = most_operands(op) + integer_operands(graph, op); count > max_kernel_operands) {
    return fmt::format("its kernel could have {} operands with its zeros and scales, more than {}", count, max_kernel_operands);
  }
  const std::vector<Step> steps = steps_with(op);
  const auto rounded = std::count_if(steps.begin(), steps.end(), [](const Step& step) { return step.kind == StepKind::fake_quantize; });
  // Two steps more for what rounds, one that begins, and two that end with integers.
  size_t count = steps.size() + 2 * static_cast<size_t>(rounded);
  count += static_cast<size_t>(rescalings(op));
  count += (reads_integers(graph, op) ? 1 : 0) + (op.type.is_quantized() ? 2 : 0);
  if (count > max_kernel_steps) return fmt::format("its kernel could have {} steps, more than {}", count, max_kernel_steps);
  return std::nullopt;
}

std::vector<float> units_of(const Graph& graph, const Op& op) {
  const std::vector<Step> steps = steps_with(op);
  std::vector<float> units(steps.size() + 1, 1.0f);
  const size_t first = integer_steps(graph, op);
  const bool from_integers = reads_integers(graph, op);
  // The steps from `begin` to `end` with what they lead to; a unit is that of all of them.
  size_t end = steps.size();
  float scale = op.type.is_quantized() ? op.type.quantization.scale : 1.0f;
  while (true) {
    size_t begin = end;
    bool unitless = true;
    while (begin > first && steps[begin - 1].kind != StepKind::fake_quantize) {
      begin -= 1;
      unitless = unitless && is_unitless(graph, steps[begin].kind, steps[begin].operand);
    }
    const bool of_integers = begin > first || from_integers;
    std::fill(units.begin() + static_cast<ptrdiff_t>(begin), units.begin() + static_cast<ptrdiff_t>(end) + 1,
              unitless && of_integers ? scale : 1.0f);
    if (begin == first) break;
    end = begin - 1;
    scale = quantization_of(steps[end].kind, steps[end].constants)->scale;
  }
  std::fill(units.begin(), units.begin() + static_cast<ptrdiff_t>(first), units[first]);
  return units;
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
