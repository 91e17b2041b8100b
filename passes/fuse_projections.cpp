/// \file Finds the additions of two convolutions, and chooses which of the two becomes the step.
#include "passes/fuse_projections.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

namespace resnetc::passes {
namespace {

using graph::Op;
using graph::Step;
using graph::StepKind;
using graph::ValueId;

bool has_bias(const Op& op) { return !op.epilogue.empty() && op.epilogue[0].kind == StepKind::bias; }
bool only_biased(const Op& op) { return op.epilogue.size() == (has_bias(op) ? 1 : 0); }

/// The number of operands of the kernel that computes `op`, projects the operand of `other` and adds the bias of `other`.
int operands_with(const Op& op, const Op& other) {
  const int bias = has_bias(other) && !has_bias(op) ? graph::operands_of(StepKind::bias) : 0;
  return most_operands(op) - graph::operands_of(StepKind::add) + graph::operands_of(StepKind::project) + bias;
}

/// Whether the convolution does what a project step does, for every pixel or for every stride-th pixel.
bool is_projection(const Op& op) {
  OpAttributes plain = graph::projection(op.attributes.channels);
  plain.stride = op.attributes.stride;
  return op.attributes == plain;
}

/// Whether the two convolutions should exchange their roles. The larger one remains a convolution, because its weights and window decide
/// how both are computed.
bool should_swap(const Op& op, const Op& other) {
  if (is_projection(op) != is_projection(other)) return is_projection(op);
  const auto strides = [](const Op& conv) { return conv.attributes.stride.h * conv.attributes.stride.w; };
  return strides(op) > strides(other);
}

/// Whether the convolution `op` may become the sum of itself and `other`, whose value is added by step `at` of its epilogue.
Result<> may_fuse(const graph::Graph& graph, const Op& op, size_t at, const std::vector<int>& uses) {
  const Step& step = op.epilogue[at];
  const Op& other = graph.op(step.operand);
  if (uses[static_cast<size_t>(step.operand)] != 1) return Failure{fmt::format("'{}' has another use", other.name)};
  if (other.type != op.type) return Failure{fmt::format("'{}' is spread over '{}'", other.name, op.name)};
  if (!only_biased(other)) return Failure{fmt::format("'{}' does more than add a bias", other.name)};
  if (!is_projection(other) && !is_projection(op)) {
    return Failure{fmt::format("neither '{}' nor '{}' is a 1x1 convolution without padding and groups", other.name, op.name)};
  }
  if (should_swap(op, other) && op.operands[0] >= step.operand) {
    return Failure{fmt::format("what '{}' projects is made after '{}'", op.name, other.name)};
  }
  if (!std::all_of(op.epilogue.begin(), op.epilogue.begin() + static_cast<ptrdiff_t>(at),
                   [](const Step& before) { return graph::may_precede_projection(before.kind); })) {
    return Failure{fmt::format("'{}' does more than sums before the addition", op.name)};
  }
  if (op.epilogue.size() == graph::max_epilogue_steps && !other.epilogue.empty()) {
    return Failure{fmt::format("the epilogue of '{}' has no room for another bias", op.name)};
  }
  if (const int operands = operands_with(op, other); operands > graph::max_operands) {
    return Failure{fmt::format("the kernel of '{}' could have {} operands, more than {}", op.name, operands, graph::max_operands)};
  }
  return {};
}

/// Adds `bias`, if there is one, to the bias of the epilogue.
void add_bias(Op& op, const RecipePtr& bias) {
  if (!bias) return;
  if (has_bias(op)) {
    op.epilogue[0].constants[0] = add(op.epilogue[0].constants[0], bias);
  } else {
    op.epilogue.insert(op.epilogue.begin(), {StepKind::bias, graph::no_value, {bias}});
  }
}

/// Makes `other` a step of `op`. A projection with a stride leaves a max_pool with a 1x1 window, which only selects pixels. The sums then
/// read pixels that are adjacent.
void fuse(Op& op, size_t at, Op& other, const std::string& shortcut) {
  if (should_swap(op, other)) {
    std::swap(op.attributes, other.attributes);
    std::swap(op.operands, other.operands);
    std::swap(op.constants, other.constants);
    std::swap(op.at, other.at);
  }
  const RecipePtr bias = other.epilogue.empty() ? nullptr : other.epilogue[0].constants[0];
  Step& step = op.epilogue[at];
  if (other.attributes.stride == Extent2{1, 1}) {
    step = {StepKind::project, other.operands[0], {other.constants[0]}};
  } else {
    step = {StepKind::project, step.operand, {other.constants[0]}};
    other.name = shortcut;
    other.type.channels = other.constants[0]->shape[1];
    other.kind = OpKind::max_pool;
    const Extent2 stride = std::exchange(other.attributes, {}).stride;
    other.attributes.stride = stride;
    other.constants.clear();
    other.epilogue.clear();
  }
  add_bias(op, bias);
}

}  // namespace

void fuse_projections(graph::Graph& graph, PassContext& context) {
  const std::vector<int> uses = use_counts(graph);
  std::unordered_set<std::string> names;
  for (const Op& op : graph.ops) names.insert(op.name);
  for (Op& op : graph.ops) {
    for (size_t at = 0; at < op.epilogue.size(); ++at) {
      const Step& step = op.epilogue[at];
      if (op.kind != OpKind::conv2d || step.kind != StepKind::add || graph.op(step.operand).kind != OpKind::conv2d) continue;
      // The skip edge of an identity block leads from a block's result, which the next block reads too.
      if (uses[static_cast<size_t>(step.operand)] != 1 && !only_biased(graph.op(step.operand))) continue;
      const std::string other = graph.op(step.operand).name;
      if (const Result<> may = may_fuse(graph, op, at, uses); may) {
        const size_t steps = op.epilogue.size();
        std::string shortcut = op.name + ".shortcut";
        while (!names.insert(shortcut).second) shortcut += "_";
        fuse(op, at, graph.op(step.operand), shortcut);
        at += op.epilogue.size() - steps;
        context.remarks.push_back({"fuse-projections", op.name, fmt::format("projection fused: summed together with '{}'", other), op.at});
      } else {
        context.remarks.push_back(
            {"fuse-projections", op.name, fmt::format("'{}' stays a kernel of its own: {}", other, may.failure().text), op.at});
      }
    }
  }
  remove_unused(graph);
}

}  // namespace resnetc::passes
