/// \file The rules for every graph, after every pass and for every source of its text.
#include <fmt/format.h>

#include <cmath>

#include <unordered_set>

#include "ir/checks.h"
#include "ir/forms/graph_parts.h"
#include "ir/graph.h"
#include "ir/packing.h"
#include "ir/quantized.h"

namespace resnetc::graph {

namespace {

Fault check_constants(const Graph& graph, const Op& op) {
  const std::vector<std::string_view> names = constant_names(op.kind);
  if (op.constants.size() != names.size()) return fmt::format("it has {} constants where it needs {}", op.constants.size(), names.size());
  if (names.empty()) return std::nullopt;
  const TensorType& operand = graph.op(op.operands[0]).type;
  const std::vector<WeightSpec> specs = weight_specs(op.kind, op.attributes, operand);
  for (size_t i = 0; i < names.size(); ++i) {
    const std::vector<int64_t> shape = specs.empty() ? std::vector<int64_t>{operand.channels} : specs[i].shape;
    if (Fault fault = checks::recipe_shape(names[i], op.constants[i], shape)) return fault;
  }
  return std::nullopt;
}

/// Checks that an operation makes numbers of the type from numbers of the operands' types. How integers mean numbers is another matter.
Fault check_numbers(OpKind kind, const OpAttributes& attributes, std::vector<TensorType> operands, const TensorType& type) {
  for (TensorType& operand : operands) operand = operand.of_numbers();
  return checks::result_type(kind, attributes, operands, type.of_numbers());
}

Fault check_element(const TensorType& type) {
  if (!fits(type.quantization, type.element)) return fmt::format("the scale or zero of {} is out of range", to_string(type));
  if (type.is_quantized()) return std::nullopt;
  if (type.element == ElementType::u8)
    return fmt::format("{} says nothing of what its integers mean, as in u8(scale=0.02, zero=3)[...]", to_string(type));
  return checks::computable(type, true);
}

/// Checks that the constants of a `fake_quantize` are those of a whole tensor.
Fault check_rounding(StepKind kind, const std::vector<RecipePtr>& constants) {
  if (kind != StepKind::fake_quantize) return std::nullopt;
  for (const RecipePtr& constant : constants) {
    if (constant->kind != RecipeKind::fill) return "the scale and zero of a fake_quantize are each a 'fill'";
  }
  const double scale = constants[0]->value, zero = constants[1]->value;
  constexpr double largest = 255;
  const bool whole = zero >= 0 && zero <= largest && zero == std::nearbyint(zero);
  const bool known = scale == static_cast<double>(static_cast<float>(scale));
  if (whole && known && fits(*quantization_of(kind, constants), ElementType::u8)) return std::nullopt;
  return "a fake_quantize has a scale above zero, as float32 has it, and a zero from 0 to 255";
}

Fault check_quantized(const Graph& graph, const Op& op) {
  if (Fault fault = check_room(graph, op)) return fault;
  if (!mixes_integers(graph, op)) return std::nullopt;
  if (!can_make_integers(op.kind)) return "it has no meaning for quantized values: convert them to f32 first";
  for (ValueId operand : op.operands) {
    if (part_ops.has(op.kind) && graph.op(operand).type.quantization != op.type.quantization) {
      return fmt::format("integers of '{}' mean other numbers than those of the result, of which they become a part",
                         graph.op(operand).name);
    }
  }
  const bool sums = sums_integers(graph, op);
  for (const Step& step : op.epilogue) {
    if (step.kind == StepKind::project && graph.op(step.operand).type.is_quantized() != sums) {
      return "a projection of integers can only be added to sums of integers";
    }
  }
  const bool averages = averaging_ops.has(op.kind);
  if (!sums && !averages) return std::nullopt;
  if (terms_of(graph, op) > max_integer_terms) return fmt::format("a sum of integers has at most {} terms", max_integer_terms);
  if (averages) return std::nullopt;
  const size_t first = integer_steps(graph, op);
  if (first == op.epilogue.size() || op.epilogue[first].kind != StepKind::scale) {
    return "a sum of integers needs a step 'scale' that makes numbers of it, behind nothing but bias, rescale and project";
  }
  return std::nullopt;
}

/// Checks that products of bf16 are of weights of bf16, so that dot products can sum them.
Fault check_narrow(const Graph& graph, const Op& op) {
  const auto fits = [&](ValueId operand, const RecipePtr& weight) {
    return graph.op(operand).type.element != ElementType::bf16 || program::weight_type(*weight) == ElementType::bf16;
  };
  bool narrow = !summing_ops.has(op.kind) || fits(op.operands[0], op.constants[0]);
  for (const Step& step : op.epilogue) narrow = narrow && (step.kind != StepKind::project || fits(step.operand, step.constants[0]));
  if (narrow) return std::nullopt;
  return "it sums products of bf16 with a weight that is not 'narrow(..., bf16)'";
}

Fault check_projection(const Graph& graph, const TensorType& type, const Step& step) {
  const OpAttributes attributes = projection(type.channels);
  const TensorType& operand = graph.op(step.operand).type;
  if (Fault fault = check_numbers(OpKind::conv2d, attributes, {operand}, type)) return fault;
  return checks::recipe_shape("weight", step.constants[0], weight_specs(OpKind::conv2d, attributes, operand)[0].shape);
}

Fault check_step(const Graph& graph, ValueId id, const Step& step) {
  const TensorType& type = graph.op(id).type;
  const OpInfo& wanted = info(step.kind);
  if (!wanted.step() || wanted.only_in_programs()) return fmt::format("{} is no step", wanted.name);
  if (wanted.joins() != (step.operand != no_value)) return fmt::format("its step {} has one operand too many or too few", wanted.name);
  if (wanted.constants.size() != step.constants.size()) {
    return fmt::format("its step {} has {} constants where it needs {}", wanted.name, step.constants.size(), wanted.constants.size());
  }
  if (wanted.joins() && (step.operand < 0 || step.operand >= id)) {
    return fmt::format("its step {} uses a value before its definition", wanted.name);
  }
  if (step.kind == StepKind::project) return check_projection(graph, type, step);
  for (size_t i = 0; i < step.constants.size(); ++i) {
    if (Fault fault = checks::recipe_shape(wanted.constants[i], step.constants[i], {type.channels})) return fault;
  }
  if (Fault fault = check_rounding(step.kind, step.constants)) return fault;
  if (!wanted.joins()) return std::nullopt;
  return check_numbers(step.kind, {}, {type, graph.op(step.operand).type}, type);
}

Fault check_op(const Graph& graph, ValueId id) {
  const Op& op = graph.op(id);
  if (op.kind == OpKind::input) return "only the first operation can be the input";
  std::vector<TensorType> operands;
  for (ValueId operand : op.operands) {
    if (operand < 0 || operand >= id) return "it uses a value before its definition";
    operands.push_back(graph.op(operand).type);
  }
  if (Fault fault = checks::attributes(op.kind, op.attributes)) return fault;
  if (Fault fault = checks::lowered(op.attributes)) return fault;
  if (Fault fault = check_element(op.type)) return fault;
  if (Fault fault = check_numbers(op.kind, op.attributes, operands, op.type)) return fault;
  if (Fault fault = check_constants(graph, op)) return fault;
  if (Fault fault = check_rounding(op.kind, op.constants)) return fault;
  if (op.epilogue.size() > max_epilogue_steps) return fmt::format("its epilogue has more than {} steps", max_epilogue_steps);
  if (const int count = most_operands(op); count > max_operands) {
    return fmt::format("its kernel could have {} operands, more than {}: each tensor and each constant is one", count, max_operands);
  }
  bool sums = op.kind == OpKind::conv2d;
  for (const Step& step : op.epilogue) {
    if (step.kind == StepKind::project && !sums) return std::string(checks::misplaced_projection);
    sums = sums && may_precede_projection(step.kind);
    if (Fault fault = check_step(graph, id, step)) return fault;
  }
  if (Fault fault = check_narrow(graph, op)) return fault;
  if (Fault fault = checks::rescaling(op.epilogue, sums_integers(graph, op))) return fault;
  return check_quantized(graph, op);
}

Fault check_input(const Graph& graph) {
  if (graph.ops.empty() || graph.ops[0].kind != OpKind::input) return "the first operation is not the input";
  const Op& input = graph.ops[0];
  if (!input.operands.empty() || !input.constants.empty() || !input.epilogue.empty() || input.attributes != OpAttributes{}) {
    return "the input has operands, attributes, constants or an epilogue";
  }
  return checks::input(graph.input, input.type);
}

/// Finds the first fault. `at` becomes the part that has it.
Fault find_fault(const Graph& graph, Finding& at) {
  if (Fault fault = checks::identifier("the network's name", graph.name)) return fault;
  if (Fault fault = check_input(graph)) return fault;
  std::unordered_set<std::string_view> names;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    at.part = Finding::Part::value;
    at.index = i;
    if (op.name.empty()) return fmt::format("operation {} has no name", i);
    if (!names.insert(op.name).second) return fmt::format("two values have the name '{}'", op.name);
    if (i == 0) continue;
    if (Fault fault = check_op(graph, static_cast<ValueId>(i))) return fmt::format("{} '{}': {}", info(op.kind).name, op.name, *fault);
  }
  at.part = Finding::Part::whole;
  if (graph.outputs.empty()) return "the network has no output";
  names.clear();
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const Output& output = graph.outputs[i];
    at.part = Finding::Part::output;
    at.index = i;
    if (output.name.empty()) return "an output has no name";
    if (!names.insert(output.name).second) return fmt::format("two outputs have the name '{}'", output.name);
    if (output.value < 0 || static_cast<size_t>(output.value) >= graph.ops.size()) {
      return fmt::format("output '{}' names no value", output.name);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Finding> verify(const Graph& graph) {
  Finding at;
  if (Fault fault = find_fault(graph, at)) return Finding{*fault, at.part, at.index};
  return std::nullopt;
}

}  // namespace resnetc::graph
