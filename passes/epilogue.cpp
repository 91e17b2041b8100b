#include "passes/epilogue.h"

#include <fmt/format.h>

namespace resnetc::passes {
namespace {

using graph::Op;
using graph::StepKind;
using graph::ValueId;

bool is_step(OpKind kind) {
  return kind == OpKind::affine || kind == OpKind::relu || kind == OpKind::sigmoid || kind == OpKind::add || kind == OpKind::mul;
}

StepKind step_of(OpKind kind) {
  switch (kind) {
    case OpKind::affine: return StepKind::affine;
    case OpKind::add: return StepKind::add;
    case OpKind::mul: return StepKind::mul;
    case OpKind::sigmoid: return StepKind::sigmoid;
    default: return StepKind::relu;
  }
}

/// The operand that is not the producer; none for operations of one operand.
ValueId other_operand(const Op& op, ValueId producer) {
  if (op.operands.size() < 2) return graph::no_value;
  return op.operands[0] == producer ? op.operands[1] : op.operands[0];
}

}  // namespace

bool may_absorb(const graph::Graph& graph, const std::vector<int>& uses, ValueId producer, ValueId op, std::string& why) {
  const Op& from = graph.op(producer);
  const Op& into = graph.op(op);
  if (uses[static_cast<size_t>(producer)] != 1) {
    why = fmt::format("'{}' has another use", from.name);
    return false;
  }
  if (from.type != into.type) {
    why = fmt::format("'{}' is {}, the result {}", from.name, to_string(from.type), to_string(into.type));
    return false;
  }
  if (from.epilogue.size() + 1 + into.epilogue.size() > max_epilogue_steps) {
    why = fmt::format("the epilogue of '{}' would have more than {} steps", from.name, max_epilogue_steps);
    return false;
  }
  auto after = [&](ValueId v) { return v != graph::no_value && v >= producer; };
  bool late = after(other_operand(into, producer));
  for (const graph::Step& s : into.epilogue) late = late || after(s.operand);
  if (late) why = fmt::format("the other operand is made after '{}'", from.name);
  return !late;
}

void replace_uses(graph::Graph& graph, std::vector<int>& uses, ValueId from, ValueId to) {
  auto replace = [&](ValueId& v) {
    if (v == from) v = to;
  };
  for (Op& op : graph.ops) {
    for (ValueId& v : op.operands) replace(v);
    for (graph::Step& s : op.epilogue) replace(s.operand);
  }
  for (graph::Output& o : graph.outputs) replace(o.value);
  uses[static_cast<size_t>(to)] += uses[static_cast<size_t>(from)];
  uses[static_cast<size_t>(from)] = 0;
}

void absorb(graph::Graph& graph, std::vector<int>& uses, ValueId producer, ValueId op) {
  Op& from = graph.op(producer);
  Op& into = graph.op(op);
  graph::Step step;
  step.kind = step_of(into.kind);
  step.operand = other_operand(into, producer);
  if (into.kind == OpKind::affine) {
    step.constant = into.constants[0];
    step.constant2 = into.constants[1];
  }
  from.epilogue.push_back(std::move(step));
  for (graph::Step& s : into.epilogue) from.epilogue.push_back(std::move(s));
  std::swap(from.name, into.name);
  // The absorbed operation stays until remove_unused, without operands that would count as uses.
  into.operands.clear();
  into.epilogue.clear();
  uses[static_cast<size_t>(producer)] = 0;
  replace_uses(graph, uses, op, producer);
}

void fuse_into(graph::Graph& graph, PassContext& context, std::string_view pass, bool (*is_producer)(OpKind)) {
  std::vector<int> uses = graph::use_counts(graph);
  for (ValueId v = 0; v < static_cast<ValueId>(graph.ops.size()); ++v) {
    if (!is_step(graph.op(v).kind) || uses[static_cast<size_t>(v)] == 0) continue;
    const Op& op = graph.op(v);
    std::string reasons;
    bool done = false;
    size_t candidates = op.operands.size() == 2 && op.operands[0] == op.operands[1] ? 1 : op.operands.size();
    for (size_t i = 0; i < candidates && !done; ++i) {
      // The factor of a gate that is spread has another type than the product: may_absorb refuses it.
      ValueId producer = op.operands[i];
      if (!is_producer(graph.op(producer).kind)) continue;
      std::string why;
      if (may_absorb(graph, uses, producer, v, why)) {
        std::string name = op.name, kind(info(op.kind).name), into(info(graph.op(producer).kind).name);
        context.remarks.push_back(
            {std::string(pass), name, fmt::format("{} fused into {} '{}'", kind, into, graph.op(producer).name), op.at});
        absorb(graph, uses, producer, v);
        done = true;
      } else {
        reasons += (reasons.empty() ? "" : "; ") + why;
      }
    }
    if (!done && !reasons.empty()) {
      context.remarks.push_back({std::string(pass), op.name, fmt::format("{} not fused: {}", info(op.kind).name, reasons), op.at});
    }
  }
  graph::remove_unused(graph);
}

}  // namespace resnetc::passes
