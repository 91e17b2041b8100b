/// \file The table of steps.
#include "ir/step.h"

#include <array>

namespace resnetc::graph {

namespace {

constexpr std::string_view bias_names[] = {"bias"};
constexpr std::string_view affine_names[] = {"scale", "shift"};

// clang-format off
//  kind               name       operation        operand  constants
constexpr auto table = std::to_array<StepInfo>({
    {StepKind::bias,    "bias",    std::nullopt,    false,   bias_names},
    {StepKind::affine,  "affine",  OpKind::affine,  false,   affine_names},
    {StepKind::add,     "add",     OpKind::add,     true,    {}},
    {StepKind::mul,     "mul",     OpKind::mul,     true,    {}},
    {StepKind::relu,    "relu",    OpKind::relu,    false,   {}},
    {StepKind::sigmoid, "sigmoid", OpKind::sigmoid, false,   {}},
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

std::string_view to_string(StepKind kind) { return info(kind).name; }

}  // namespace resnetc::graph
