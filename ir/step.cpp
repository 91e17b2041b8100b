/// \file The table of steps.
#include "ir/step.h"

#include "support/table.h"

namespace resnetc::graph {

namespace {

constexpr std::string_view bias_names[] = {"bias"};
constexpr std::string_view affine_names[] = {"scale", "shift"};
constexpr std::string_view project_names[] = {"weight"};

constexpr StepInfo line_of(StepKind kind) {
  switch (kind) {
    case StepKind::bias: return {.name = "bias", .constants = bias_names};
    case StepKind::affine: return {.name = "affine", .op = OpKind::affine, .constants = affine_names};
    case StepKind::add: return {.name = "add", .op = OpKind::add, .operand = true, .elementwise = true};
    case StepKind::mul: return {.name = "mul", .op = OpKind::mul, .operand = true, .elementwise = true};
    case StepKind::project: return {.name = "project", .operand = true, .constants = project_names};
    case StepKind::relu: return {.name = "relu", .op = OpKind::relu};
    case StepKind::sigmoid: return {.name = "sigmoid", .op = OpKind::sigmoid};
  }
  return {};
}

constexpr auto table = table_of<line_of>();

}  // namespace

std::span<const StepInfo> all_steps() { return table; }

const StepInfo& info(StepKind kind) { return table[static_cast<size_t>(kind)]; }

std::optional<StepKind> step_named(std::string_view name) {
  for (const StepInfo& step : table) {
    if (step.name == name) return step.kind;
  }
  return std::nullopt;
}

std::optional<StepKind> step_of(OpKind op) {
  for (const StepInfo& step : table) {
    if (step.op == op) return step.kind;
  }
  return std::nullopt;
}

int operands_of(StepKind step) { return (info(step).operand ? 1 : 0) + static_cast<int>(info(step).constants.size()); }

bool may_precede_projection(StepKind before) { return before == StepKind::bias || before == StepKind::add || before == StepKind::project; }

OpAttributes projection(int64_t channels) {
  OpAttributes attributes;
  attributes.channels = channels;
  return attributes;
}

std::string_view to_string(StepKind kind) { return info(kind).name; }

}  // namespace resnetc::graph
