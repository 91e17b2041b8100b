/// \file Decides which values are integers, then rewrites the graph.
#include "passes/quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "ir/quantized.h"
#include "ir/ranges.h"
#include "passes/split_roundings.h"
#include "passes/unique_names.h"
#include "support/disjoint_sets.h"
#include "support/printable.h"

namespace resnetc::passes {

namespace {

using graph::Graph;
using graph::no_value;
using graph::Op;
using graph::Step;
using graph::StepKind;
using graph::ValueId;

/// What a value is rounded to at the end of the operation that makes it.
std::optional<Quantization> rounded_to(const Op& op) {
  if (op.epilogue.empty()) return graph::quantization_of(op.kind, op.constants);
  return graph::quantization_of(op.epilogue.back().kind, op.epilogue.back().constants);
}

/// Whether the kernel of the operation has room for the zeros and scales of all that it reads and makes.
bool has_room(const Op& op) {
  const std::vector<Step> steps = graph::steps_with(op);
  const auto joined = std::count_if(steps.begin(), steps.end(), [](const Step& step) { return info(step.kind).joins_in_place(); });
  const auto rounded = std::count_if(steps.begin(), steps.end(), [](const Step& step) { return step.kind == StepKind::fake_quantize; });
  const auto biased = std::any_of(steps.begin(), steps.end(), [](const Step& step) { return step.kind == StepKind::bias; });
  const auto projected = std::count_if(steps.begin(), steps.end(), [](const Step& step) { return step.kind == StepKind::project; });
  // A scale and a bias, or a zero and a factor; of what joins, a zero and a factor; of what rounds, a factor before and behind; of a
  // projection, a factor and a bias; of the result, a factor and a zero, or the factors of its rounding. Each is a step but those of what
  // joins.
  const int first = graph::summing_ops.has(op.kind) ? (biased ? 1 : 2) : 2;
  constexpr int each = 2;
  const auto rounds_last = rounded_to(op) ? 1 : 0;
  const auto extra = first + each * static_cast<int>(joined + rounded + projected - rounds_last) + each;
  const auto extra_steps = 2 + each * static_cast<int>(rounded + projected - rounds_last) + each;
  const auto in_graph = static_cast<int>(projected) + 1;  // the factors, and the scale of sums
  return graph::most_operands(op) + extra <= graph::max_kernel_operands && graph::most_operands(op) + in_graph <= graph::max_operands &&
         static_cast<int>(steps.size()) + extra_steps <= static_cast<int>(graph::max_kernel_steps);
}

/// Whether the operation can read a quantized value without summing products of it.
bool passes_on(const Graph& graph, const Op& op) {
  if (!has_room(op)) return false;
  if (graph::averaging_ops.has(op.kind)) return graph::terms_of(graph, op) <= graph::max_integer_terms;
  return graph::moving_ops.has(op.kind) || graph::is_step(op.kind);
}

struct Interval {
  double low = 0, high = 0;

  void cover(const Interval& other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
  Quantization quantization() const {
    constexpr double steps = 255;
    if (low == high) return {.scale = 1, .zero = 0};
    const auto scale = static_cast<float>((high - low) / steps);
    return {.scale = scale, .zero = static_cast<int32_t>(std::clamp(std::nearbyint(-low / static_cast<double>(scale)), 0.0, steps))};
  }
};

/// What each value of a graph becomes.
class Plan {
 public:
  Plan(const Graph& graph, PassContext& context) : graph_(graph), context_(context), values_(graph.ops.size()), sharing_(graph.ops.size()) {
    std::map<std::string_view, const ValueRange*> ranges;
    for (const ValueRange& range : context.ranges->values) ranges.emplace(range.name, &range);
    for (const WeightSteps& one : context.ranges->weights) weight_steps_.emplace(one.weights, one.steps);
    for (size_t i = 0; i < values_.size(); ++i) {
      const auto found = ranges.find(graph.ops[i].name);
      values_[i].rounded = rounded_to(graph.ops[i]);
      if (found != ranges.end()) values_[i].range = {found->second->low, found->second->high};
    }
    share_ranges();
    find_wanted();
  }

  /// How the integers of a value mean numbers; nothing if the value stays in float.
  std::optional<Quantization> quantization(ValueId v) const {
    const Value& value = values_[static_cast<size_t>(v)];
    if (!value.wanted) return std::nullopt;
    const Value& all = of_all(v);
    return all.rounded ? all.rounded : all.range->quantization();
  }
  /// The tensor with the steps of the integers that the weights were made from, if the ranges tell it; empty if they stay in float.
  std::optional<std::string> steps_of(const RecipePtr& weight) const {
    const auto found = weight->kind == RecipeKind::tensor ? weight_steps_.find(weight->name) : weight_steps_.end();
    return found == weight_steps_.end() ? std::nullopt : std::optional(std::string(found->second));
  }
  /// Whether the operation sums products of integers.
  bool sums_integers(ValueId v) const { return values_[static_cast<size_t>(v)].sums_integers; }

 private:
  struct Value {
    std::optional<Interval> range;
    std::optional<Quantization> rounded;  ///< what the value is rounded to in any case
    bool wanted = false;                  ///< whether integers of it are read
    bool sums_integers = false;
  };

  /// What stands for all values that share the range of this one.
  const Value& of_all(ValueId v) const { return values_[sharing_.leader(static_cast<size_t>(v))]; }
  bool has_range(ValueId v) const {
    const Value& all = of_all(v);
    return all.rounded || all.range;
  }

  void share_ranges() {
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const Op& op = graph_.ops[i];
      if (!graph::moving_ops.has(op.kind) || !op.epilogue.empty()) continue;
      if (reads_different(op)) {
        values_[i].range.reset();
        continue;
      }
      for (const ValueId operand : op.operands) share(operand, static_cast<ValueId>(i));
    }
  }

  /// Whether the operation joins values that are rounded to different integers, so that none are those of all.
  bool reads_different(const Op& op) const {
    std::optional<Quantization> first;
    for (const ValueId operand : op.operands) {
      const std::optional<Quantization>& rounded = of_all(operand).rounded;
      if (first && rounded && rounded != first) return true;
      if (rounded) first = rounded;
    }
    return false;
  }

  void share(ValueId a, ValueId b) {
    const size_t first = sharing_.leader(static_cast<size_t>(a)), second = sharing_.leader(static_cast<size_t>(b));
    if (first == second) return;
    Value &to = values_[first], &from = values_[second];
    sharing_.join(first, second);
    if (!to.rounded) to.rounded = from.rounded;
    if (to.range && from.range) to.range->cover(*from.range);
    if (!to.range) to.range = from.range;
  }

  /// The values that the operation sums products of.
  std::vector<ValueId> summed(const Op& op) const {
    std::vector<ValueId> all{op.operands[0]};
    for (const Step& step : op.epilogue) {
      if (step.kind == StepKind::project) all.push_back(step.operand);
    }
    return all;
  }

  /// Why a convolution or linear layer stays in float; empty if it does not.
  std::string stays(const Op& op) const {
    if (context_.keep_float.contains(op.name)) return "as asked";
    if (const auto steps = steps_of(op.constants[0]); steps && steps->empty()) return "the ranges say so of its weights";
    if (op.epilogue.size() == graph::max_epilogue_steps) return "its epilogue has no room for another step";
    if (!has_room(op)) return "its kernel has no room for the scales of all that it reads";
    for (const ValueId v : summed(op)) {
      if (!has_range(v)) return fmt::format("'{}' has no range", graph_.op(v).name);
    }
    if (const int64_t terms = graph::terms_of(graph_, op); terms > graph::max_integer_terms) {
      return fmt::format("a sum has {} terms, more than {}", terms, graph::max_integer_terms);
    }
    return {};
  }

  /// From the last operation to the first, so that the readers of a value are decided before it.
  void find_wanted() {
    for (size_t i = graph_.ops.size(); i-- > 1;) {
      const Op& op = graph_.ops[i];
      Value& value = values_[i];
      value.wanted = value.wanted && has_range(static_cast<ValueId>(i));
      if (graph::summing_ops.has(op.kind)) {
        const std::string why = stays(op);
        value.sums_integers = why.empty();
        if (!why.empty()) context_.remarks.push_back({"quantize", op.name, fmt::format("stays in float: {}", why), op.at});
        for (const ValueId v : summed(op)) want(v, value.sums_integers);
      } else if (passes_on(graph_, op)) {
        for (const ValueId v : op.operands) {
          // A gate or another vector that is spread over a picture costs nothing in float.
          const bool spread = graph_.op(v).type.pixels() == 1 && op.type.pixels() > 1;
          want(v, value.wanted && !spread);
        }
      }
    }
    values_[0].wanted = values_[0].wanted && has_range(0);
  }

  void want(ValueId v, bool wanted) {
    Value& value = values_[static_cast<size_t>(v)];
    value.wanted = value.wanted || wanted;
  }

  const Graph& graph_;
  PassContext& context_;
  std::vector<Value> values_;
  DisjointSets sharing_;  ///< values that share a range
  std::map<std::string_view, std::string_view> weight_steps_;
};

class Rewriting {
 public:
  Rewriting(Graph& graph, PassContext& context)
      : old_(graph), plan_(graph, context), context_(context), floats_(graph.ops.size(), no_value), integers_(floats_), names_(graph) {
    for (const ValueRange& range : context.ranges->values) reasons_.emplace(range.name, range.reason);
  }

  Graph run() {
    for (size_t i = 0; i < old_.ops.size(); ++i) rewrite(static_cast<ValueId>(i));
    for (graph::Output& output : old_.outputs) output.value = as_float(output.value);
    old_.ops = std::move(ops_);
    return std::move(old_);
  }

 private:
  void rewrite(ValueId v) {
    Op op = old_.op(v);
    const bool sums_integers = plan_.sums_integers(v), mixes = (graph::summing_ops.has(op.kind) && has_room(op)) || passes_on(old_, op);
    const bool integers = plan_.quantization(v).has_value();
    if (sums_integers) {
      sum_integers(op);
    } else {
      for (ValueId& operand : op.operands) operand = read(operand, op.kind, mixes, integers);
    }
    for (Step& step : op.epilogue) {
      if (step.operand == no_value) continue;
      const bool summed = step.kind == StepKind::project;
      step.operand = summed && sums_integers ? as_integers(step.operand)
                     : mixes && !summed      ? as_it_is(step.operand)
                                             : as_float(step.operand);
    }
    const std::optional<Quantization> quantization = plan_.quantization(v);
    const bool makes_integers = quantization && mixes && op.kind != OpKind::input;
    if (makes_integers) {
      remark(op, *quantization);
      make_integers(op, *quantization);
    }
    (makes_integers ? integers_ : floats_)[static_cast<size_t>(v)] = add(std::move(op));
  }

  /// Says what the integers reach, and what was measured of the value.
  void remark(const Op& op, const Quantization& quantization) {
    const ValueRange reached = fixed_range(op.name, quantization);
    const auto measured = reasons_.find(op.name);
    const std::string why = measured == reasons_.end() || measured->second.empty() ? "" : fmt::format(" ({})", measured->second);
    context_.remarks.push_back({"quantize", op.name,
                                fmt::format("integers from {:.5g} to {:.5g}, {:.5g} apart{}", reached.low, reached.high,
                                            static_cast<double>(quantization.scale), why),
                                op.at});
  }

  /// The form of a value that an operation which sums no products of integers reads.
  ValueId read(ValueId v, OpKind reader, bool mixes, bool makes_integers) {
    if (!mixes || graph::summing_ops.has(reader)) return as_float(v);
    if (graph::part_ops.has(reader)) return makes_integers ? as_integers(v) : as_float(v);
    return as_it_is(v);
  }

  /// Gives the operation a result of integers. What the value is rounded to anyway, its type says.
  static void make_integers(Op& op, const Quantization& quantization) {
    op.type = quantized(op.type, quantization);
    if (!rounded_to(op)) return;
    if (op.epilogue.empty()) {
      op.kind = OpKind::convert;
      op.constants.clear();
    } else {
      op.epilogue.pop_back();
    }
  }

  static TensorType quantized(TensorType type, const Quantization& quantization) {
    type.element = ElementType::u8;
    type.quantization = quantization;
    return type;
  }

  ValueId add(Op op) {
    ops_.push_back(std::move(op));
    return static_cast<ValueId>(ops_.size()) - 1;
  }

  ValueId as_it_is(ValueId v) const {
    const ValueId integers = integers_[static_cast<size_t>(v)];
    return integers != no_value ? integers : floats_[static_cast<size_t>(v)];
  }
  ValueId as_float(ValueId v) {
    ValueId& id = floats_[static_cast<size_t>(v)];
    if (id == no_value) id = convert(v, "f32", old_.op(v).type);
    return id;
  }
  ValueId as_integers(ValueId v) {
    ValueId& id = integers_[static_cast<size_t>(v)];
    if (id == no_value) id = convert(v, "u8", quantized(old_.op(v).type, *plan_.quantization(v)));
    return id;
  }

  ValueId convert(ValueId v, std::string_view element, const TensorType& type) {
    Op op;
    op.kind = OpKind::convert;
    op.name = names_.unique(fmt::format("{}.{}", old_.op(v).name, element));
    op.type = type;
    op.operands = {as_it_is(v)};
    op.at = old_.op(v).at;
    return add(std::move(op));
  }

  /// The step of each row of the weights: those of the integers that they were made from, if that is known.
  RecipePtr step_of(const RecipePtr& weight) const {
    const std::optional<std::string> steps = plan_.steps_of(weight);
    return steps ? tensor(*steps, {weight->shape[0]}) : row_step(weight, graph::largest_weight);
  }

  /// The weight as integers, of which `step` is one.
  RecipePtr integers_of(const RecipePtr& weight, RecipePtr step) const {
    if (!plan_.steps_of(weight)) return quantize_rows(weight, std::move(step), graph::largest_weight);
    return narrow(quantize_rows(weight, std::move(step), -graph::least_weight), ElementType::i8);
  }

  /// The largest absolute value of a sum of products with the integers of this weight.
  static double largest_sum(const RecipePtr& weight) {
    return static_cast<double>(graph::largest_product * (element_count(weight->shape) / weight->shape[0]));
  }
  double scale_of(ValueId v) const { return static_cast<double>(plan_.quantization(v)->scale); }

  /// Gives the operation weights and biases of integers, and the step that makes numbers of its sums. A convolution and its bias have the
  /// same step for each output channel: the smallest with which both are in range. Each projection has its own, in which what was summed
  /// before is counted too. The step is coarser where the sums could have more than 32 bits otherwise.
  void sum_integers(Op& op) {
    const auto [in, weight] = std::pair(op.operands[0], op.constants[0]);
    const std::vector<int64_t> channels{op.type.channels};
    const auto times = [&](const RecipePtr& recipe, double factor) { return mul(recipe, fill(factor, channels)); };
    RecipePtr step = times(step_of(weight), scale_of(in));
    const auto end =
        std::find_if_not(op.epilogue.begin(), op.epilogue.end(), [](const Step& s) { return graph::integer_sums.has(s.kind); });
    RecipePtr bias;
    for (auto s = op.epilogue.begin(); s != end; ++s) {
      if (s->kind == StepKind::bias) bias = bias ? resnetc::add(bias, s->constants[0]) : s->constants[0];
    }
    std::vector<Step> sums;
    if (bias) {
      step = max(step, row_step(bias, graph::largest_bias));
      sums.push_back({StepKind::bias, no_value, {quantize_rows(bias, step, graph::largest_bias)}});
    }
    op.constants[0] = integers_of(weight, times(step, 1 / scale_of(in)));
    double largest = static_cast<double>(graph::largest_bias) + largest_sum(weight);
    for (auto s = op.epilogue.begin(); s != end; ++s) {
      if (s->kind != StepKind::project) continue;
      const RecipePtr projected = s->constants[0];
      constexpr double below_one = 1 - 0x1p-16;  // for what float32 rounds
      const double growth = (static_cast<double>(graph::end_of_sums) * below_one - largest_sum(projected)) / largest;
      const RecipePtr own = max(times(step_of(projected), scale_of(s->operand)), times(step, 1 / growth));
      constexpr double least = 1e-300;  // the factor of weights that are all zeros is then 0, not NaN
      sums.push_back({StepKind::rescale, no_value, {mul(step, rsqrt(mul(own, own), least))}});
      sums.push_back({StepKind::project, s->operand, {integers_of(projected, times(own, 1 / scale_of(s->operand)))}});
      largest = growth * largest + largest_sum(projected);
      step = own;
    }
    sums.push_back({StepKind::scale, no_value, {step}});
    op.epilogue.erase(op.epilogue.begin(), end);
    op.epilogue.insert(op.epilogue.begin(), sums.begin(), sums.end());
    op.operands[0] = as_integers(in);
  }

  Graph& old_;
  Plan plan_;
  PassContext& context_;
  std::map<std::string_view, std::string_view> reasons_;  ///< of values: what was measured, for people
  std::vector<Op> ops_;
  std::vector<ValueId> floats_, integers_;  ///< of each old value, if there is one
  UniqueNames names_;
};

}  // namespace

void quantize(Graph& graph, PassContext& context) {
  if (context.ranges == nullptr) return;
  const auto there = std::find_if(graph.ops.begin(), graph.ops.end(), [](const Op& op) { return op.type.is_quantized(); });
  if (there != graph.ops.end()) {
    context.diagnostics->error(there->at,
                               fmt::format("'{}' has integers already: quantize takes a network of f32", printable(there->name)));
    return;
  }
  split_behind_roundings(graph, [](const Graph&, const Op& op, size_t) { return !has_room(op); });
  Graph rewritten = Rewriting(graph, context).run();
  // Numbers that are approximated may be rounded to another integer, which later steps must not see differently everywhere.
  end_with_integers(rewritten, [](const Graph& all, const Op& op, size_t step) { return !graph::is_exact(all, op, step); });
  graph = std::move(rewritten);
}

}  // namespace resnetc::passes
