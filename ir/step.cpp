/// \file The table of steps.
#include "ir/step.h"

#include <array>

namespace resnetc::graph {

namespace {

constexpr std::string_view bias_names[] = {"bias"};
constexpr std::string_view affine_names[] = {"scale", "shift"};
constexpr std::string_view project_names[] = {"weight"};

// clang-format off
//  kind               name       operation        operand  elementwise  constants
constexpr auto table = std::to_array<StepInfo>({
    {StepKind::bias,    "bias",    std::nullopt,    false,   false,       bias_names},
    {StepKind::affine,  "affine",  OpKind::affine,  false,   false,       affine_names},
    {StepKind::add,     "add",     OpKind::add,     true,    true,        {}},
    {StepKind::mul,     "mul",     OpKind::mul,     true,    true,        {}},
    {StepKind::project, "project", std::nullopt,    true,    false,       project_names},
    {StepKind::relu,    "relu",    OpKind::relu,    false,   false,       {}},
    {StepKind::sigmoid, "sigmoid", OpKind::sigmoid, false,   false,       {}},
});
// clang-format on

}  // namespace

std::span<const StepInfo> all_steps() { return table; }

const StepInfo& info(StepKind kind) {
  switch (kind) {  // a new kind is named here by the compiler: its line belongs at the end of the table
    case StepKind::bias:
    case StepKind::affine:
    case StepKind::add:
    case StepKind::mul:
    case StepKind::project:
    case StepKind::relu:
    case StepKind::sigmoid: break;
  }
  static_assert(table.back().kind == StepKind::sigmoid);
  return table[static_cast<size_t>(kind)];
}

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

bool may_precede_projection(StepKind before) { return before == StepKind::bias || before == StepKind::add || before == StepKind::project; }

OpAttributes projection(int64_t channels) {
  OpAttributes attributes;
  attributes.channels = channels;
  return attributes;
}

std::string_view to_string(StepKind kind) { return info(kind).name; }

}  // namespace resnetc::graph
