/// \file Spells the arithmetic of integers as steps.
#include "passes/selection/steps.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "ir/quantized.h"

namespace resnetc::passes {

namespace {

using graph::Graph;
using graph::Op;
using graph::Step;
using graph::StepKind;
using graph::ValueId;

/// The steps that the operation has in the graph.
std::vector<Step> own_steps(const Op& op) {
  std::vector<Step> steps = graph::steps_with(op);
  if (op.kind == OpKind::batch_norm) {
    const RecipePtr scale = mul(op.constants[0], rsqrt(op.constants[3], op.attributes.eps));
    steps.insert(steps.begin(), {StepKind::affine, graph::no_value, {scale, sub(op.constants[1], mul(op.constants[2], scale))}});
  }
  return steps;
}

class NoWeights final : public WeightSource {
 public:
  std::vector<double> read(const std::string&, const std::vector<int64_t>&) const override { return {}; }
};

/// The number that the recipe gives for each channel, if it is one that no weight decides.
std::optional<double> number_of(const RecipePtr& recipe) {
  const std::vector<double> values = evaluate(*recipe, NoWeights());
  if (values.empty() || std::any_of(values.begin(), values.end(), [&](double value) { return value != values[0]; })) return std::nullopt;
  return values[0];
}

class IntegerSteps {
 public:
  IntegerSteps(const Graph& graph, const Op& op)
      : graph_(graph), op_(op), units_(graph::units_of(graph, op)), sums_(graph::sums_integers(graph, op)) {}

  std::vector<Step> make() {
    const TensorType& in = type_of(op_.operands[0]);
    if (!sums_ && moves_integers(in)) return {};
    std::vector<Step> own = own_steps(op_);
    const size_t integers = graph::integer_steps(graph_, op_);
    if (sums_) {
      add_integers(std::span(own).first(integers));
    } else if (in.is_quantized()) {
      steps_.push_back({StepKind::dequantize, graph::no_value, zero_and_factor(in.quantization, units_.front())});
    }
    for (size_t i = integers; i < own.size(); ++i) {
      if (const auto quantization = graph::quantization_of(own[i].kind, own[i].constants)) {
        round_to_integers(*quantization, units_[i], units_[i + 1]);
      } else {
        steps_.push_back(of_integers(graph::in_units(std::move(own[i]), sums_ && i == integers, units_[i]), units_[i]));
      }
    }
    if (op_.type.is_quantized()) make_integers(op_.type.quantization);
    return std::move(steps_);
  }

 private:
  const TensorType& type_of(ValueId id) const { return graph_.op(id).type; }
  RecipePtr each(double value) const { return fill(value, {op_.type.channels}); }
  std::vector<RecipePtr> zero_and_factor(const Quantization& quantization, float unit) const {
    return {each(quantization.zero), each(static_cast<double>(graph::factor_of(quantization, unit)))};
  }

  /// Whether the integers of the operand are those of the result.
  bool moves_integers(const TensorType& in) const {
    const bool pads = op_.kind == OpKind::pad_channels || (op_.kind == OpKind::pad && !op_.attributes.reflect);
    return graph::moving_ops.has(op_.kind) && op_.epilogue.empty() && in.is_quantized() && in.quantization == op_.type.quantization &&
           !(pads && in.quantization.zero != 0);
  }

  /// The sum of q * w is that of (q - zero) * w and zero times the sum of w.
  RecipePtr excess(const RecipePtr& weight, ValueId operand) const {
    const int32_t zero = type_of(operand).quantization.zero;
    return zero == 0 ? nullptr : mul(row_sum(weight), each(zero));
  }

  /// The steps that integers are added in. The sums up to a `rescale` count the same, and so do those behind it.
  void add_integers(std::span<Step> own) {
    const auto is_rescale = [](const Step& step) { return step.kind == StepKind::rescale; };
    RecipePtr all = excess(op_.constants[0], op_.operands[0]);
    for (bool first = true; first || !own.empty(); first = false, all = nullptr) {
      const auto end = own.empty() ? own.end() : std::find_if(own.begin() + (first ? 0 : 1), own.end(), is_rescale);
      const auto count = static_cast<size_t>(end - own.begin());
      add_alike(own.first(count), std::move(all), first);
      own = own.subspan(count);
    }
  }

  /// Steps that count the same. What the zeros add to the sums, `all` and those of projections, is taken from the first bias. If there is
  /// none, it becomes one: in the beginning for the first such steps, since sums can begin with it.
  void add_alike(std::span<Step> own, RecipePtr all, bool first) {
    for (const Step& step : own) {
      if (step.kind != StepKind::project) continue;
      const RecipePtr more = excess(step.constants[0], step.operand);
      if (more) all = all ? add(all, more) : more;
    }
    const auto biased = std::find_if(own.begin(), own.end(), [](const Step& step) { return step.kind == StepKind::bias; });
    const auto without_bias = [&] { return Step{StepKind::bias, graph::no_value, {narrow(sub(each(0), all), ElementType::i32)}}; };
    if (first && all && biased == own.end()) steps_.push_back(without_bias());
    for (auto step = own.begin(); step != own.end(); ++step) {
      if (step == biased && all) step->constants[0] = sub(step->constants[0], all);
      if (step->kind == StepKind::bias) step->constants[0] = narrow(step->constants[0], ElementType::i32);
      steps_.push_back(std::move(*step));
    }
    if (!first && all && biased == own.end()) steps_.push_back(without_bias());
  }

  /// A step that may join integers.
  Step of_integers(Step step, float unit) const {
    if (step.operand == graph::no_value || !type_of(step.operand).is_quantized()) return step;
    return {step.kind == StepKind::add ? StepKind::add_quantized : StepKind::mul_quantized, step.operand,
            zero_and_factor(type_of(step.operand).quantization, unit)};
  }

  /// Whether the limits of bytes do what the last step does: what it cuts off becomes 0 or 255 anyway.
  bool limits_as_bytes(const Step& step, const Quantization& quantization) const {
    if (step.kind == StepKind::relu) return quantization.zero == 0;
    if (step.kind != StepKind::clip || units_.back() != quantization.scale) return false;
    const std::optional<double> low = number_of(step.constants[0]), high = number_of(step.constants[1]);
    constexpr double largest = 255;
    return low && high && std::nearbyint(*low) + quantization.zero <= 0 && std::nearbyint(*high) + quantization.zero >= largest;
  }

  void multiply(float factor) {
    if (factor != 1) steps_.push_back({StepKind::multiply, graph::no_value, {each(static_cast<double>(factor))}});
  }

  /// A step `fake_quantize`, from numbers that count one unit to numbers that count another.
  void round_to_integers(const Quantization& quantization, float before, float behind) {
    constexpr double largest = 255;
    multiply(before / quantization.scale);
    steps_.push_back({StepKind::nearest, graph::no_value, {each(-quantization.zero), each(largest - quantization.zero)}});
    multiply(graph::factor_of(quantization, behind));
  }

  void make_integers(const Quantization& quantization) {
    if (units_.back() != quantization.scale) multiply(1.0f / quantization.scale);
    if (!steps_.empty() && limits_as_bytes(steps_.back(), quantization)) steps_.pop_back();
    steps_.push_back({StepKind::round, graph::no_value, {narrow(each(quantization.zero), ElementType::i32)}});
  }

  const Graph& graph_;
  const Op& op_;
  std::vector<float> units_;
  bool sums_;
  std::vector<Step> steps_;
};

}  // namespace

std::vector<Step> steps_of(const Graph& graph, const Op& op) {
  return op.operands.empty() || !graph::is_quantized(graph, op) ? own_steps(op) : IntegerSteps(graph, op).make();
}

}  // namespace resnetc::passes
