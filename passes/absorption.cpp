/// \file Decides whether a fusion is legal, with reasons, and carries it out.
#include "passes/absorption.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include "ir/expression.h"
#include "ir/quantized.h"

namespace resnetc::passes {
namespace {

using graph::Op;
using graph::ValueId;

/// The operand that is not the producer; none for operations with one operand.
ValueId other_operand(const Op& op, ValueId producer) {
  if (op.operands.size() < 2) return graph::no_value;
  return op.operands[0] == producer ? op.operands[1] : op.operands[0];
}

/// The producer with the operation and its epilogue as its last steps.
Op together(const Op& from, const Op& into, ValueId producer) {
  Op both = from;
  both.epilogue.push_back({into.kind, other_operand(into, producer), into.constants});
  both.epilogue.insert(both.epilogue.end(), into.epilogue.begin(), into.epilogue.end());
  return both;
}

/// How often an expression uses the element, once each function is spelled out as codegen/common/arithmetic.cpp does.
struct Uses {
  double count = 0;
};

Uses operator-(Uses a) { return a; }
Uses operator+(Uses a, Uses b) { return {a.count + b.count}; }
Uses operator-(Uses a, Uses b) { return a + b; }
Uses operator*(Uses a, Uses b) { return a + b; }
Uses operator/(Uses a, Uses b) { return a + b; }

struct CountUses {
  Uses element() const { return {1}; }
  Uses operand() const { return {}; }
  Uses constant(size_t) const { return {}; }
  Uses number(double) const { return {}; }
  Uses exp(Uses a) const { return {27 * a.count}; }
  Uses erf(Uses a) const { return {27 * a.count}; }
  Uses log_1p(Uses a) const { return {35 * a.count}; }
  Uses nearest(Uses a) const { return a; }
  Uses select_less(Uses a, Uses b, Uses then, Uses otherwise) const { return a + b + then + otherwise; }
};

/// The code generators write the steps of a kernel as one expression. Where each step uses its element several times, the time to compile
/// it grows with the product of these numbers. Two sigmoids bring it to 729, and three to 19,683: a convolution with two takes 2 seconds to
/// compile, and one with three takes 6.
constexpr double max_uses = 8192;

/// How often one expression of the operation's steps uses the element before them. The operation may be a step itself.
double uses_in(const Op& op) {
  const auto uses = [](OpKind kind) {
    const Expression& meaning = info(kind).meaning;
    return meaning.empty() ? 1 : meaning.evaluate<Uses>(CountUses()).count;
  };
  double product = uses(op.kind);
  for (const graph::Step& step : op.epilogue) product *= uses(step.kind);
  return product;
}

}  // namespace

Absorption::Absorption(graph::Graph& graph) : graph_(graph), uses_(graph::use_counts(graph)), stands_for_(graph.ops.size()) {
  std::iota(stands_for_.begin(), stands_for_.end(), 0);
}

void Absorption::visit(ValueId op) {
  // The operands were visited before, so one step leads to the operations that stand for them.
  for (ValueId& v : graph_.op(op).operands) v = stands_for_[static_cast<size_t>(v)];
  for (graph::Step& s : graph_.op(op).epilogue) {
    if (s.operand != graph::no_value) s.operand = stands_for_[static_cast<size_t>(s.operand)];
  }
}

Result<> Absorption::may_absorb(ValueId producer, ValueId op) const {
  const Op& from = graph_.op(producer);
  const Op& into = graph_.op(op);
  if (uses(producer) != 1) return Failure{fmt::format("'{}' has another use", from.name)};
  if (from.type.is_quantized())
    return Failure{fmt::format("'{}' makes integers", from.name)};  // a step would see them before they are rounded
  if (from.type.element == ElementType::bf16) return Failure{fmt::format("'{}' is rounded to bf16", from.name)};
  if (from.type != into.type) {
    return Failure{fmt::format("'{}' is {}, the result {}", from.name, to_string(from.type), to_string(into.type))};
  }
  if (from.epilogue.size() + 1 + into.epilogue.size() > graph::max_epilogue_steps) {
    return Failure{fmt::format("the epilogue of '{}' would have more than {} steps", from.name, graph::max_epilogue_steps)};
  }
  if (const double count = uses_in(from) * uses_in(into); count > max_uses) {
    return Failure{fmt::format("the steps of '{}' would use each element {:.0f} times, more than {:.0f}: that takes too long to compile",
                               from.name, count, max_uses)};
  }
  int operands = graph::most_operands(from) + graph::operands_of(into.kind);
  for (const graph::Step& s : into.epilogue) operands += graph::operands_of(s.kind);
  if (operands > graph::max_operands) {
    return Failure{fmt::format("the kernel of '{}' could have {} operands, more than {}", from.name, operands, graph::max_operands)};
  }
  if (Fault fault = graph::check_room(graph_, together(from, into, producer))) return Failure{std::move(*fault)};
  auto after = [&](ValueId v) { return v != graph::no_value && v >= producer; };
  bool late = after(other_operand(into, producer));
  for (const graph::Step& s : into.epilogue) late = late || after(s.operand);
  if (late) return Failure{fmt::format("the other operand is made after '{}'", from.name)};
  return {};
}

void Absorption::absorb(ValueId producer, ValueId op) {
  Op& from = graph_.op(producer);
  Op& into = graph_.op(op);
  assert(into.attributes == OpAttributes{});  // a step has no attributes
  from.epilogue.push_back({into.kind, other_operand(into, producer), std::move(into.constants)});
  for (graph::Step& s : into.epilogue) from.epilogue.push_back(std::move(s));
  into.epilogue.clear();
  replace(producer, op);
}

void Absorption::replace(ValueId producer, ValueId op) {
  Op& replaced = graph_.op(op);
  assert(replaced.epilogue.empty());
  std::swap(graph_.op(producer).name, replaced.name);
  // The operation stays until finish(), without operands, which would count as uses.
  replaced.operands.clear();
  stands_for_[static_cast<size_t>(op)] = producer;
  uses_[static_cast<size_t>(producer)] = uses_[static_cast<size_t>(op)];
  uses_[static_cast<size_t>(op)] = 0;
}

void Absorption::finish() {
  for (graph::Output& o : graph_.outputs) o.value = stands_for_[static_cast<size_t>(o.value)];
  graph::remove_unused(graph_);
}

void fuse_into(graph::Graph& graph, PassContext& context, std::string_view pass, bool (*is_producer)(OpKind)) {
  Absorption absorption(graph);
  for (ValueId v = 0; v < static_cast<ValueId>(graph.ops.size()); ++v) {
    absorption.visit(v);
    if (!graph::is_step(graph.op(v).kind) || absorption.uses(v) == 0) continue;
    const Op& op = graph.op(v);
    std::string reasons;
    bool done = false;
    size_t candidates = op.operands.size() == 2 && op.operands[0] == op.operands[1] ? 1 : op.operands.size();
    for (size_t i = 0; i < candidates && !done; ++i) {
      // If the factor of a gate is spread, its type differs from the product's, and may_absorb() refuses it.
      ValueId producer = op.operands[i];
      if (!is_producer(graph.op(producer).kind)) continue;
      if (const Result<> may = absorption.may_absorb(producer, v); may) {
        std::string name = op.name, kind(info(op.kind).name), into(info(graph.op(producer).kind).name);
        context.remarks.push_back(
            {std::string(pass), name, fmt::format("{} fused into {} '{}'", kind, into, graph.op(producer).name), op.at});
        absorption.absorb(producer, v);
        done = true;
      } else {
        reasons += (reasons.empty() ? "" : "; ") + may.failure().text;
      }
    }
    if (!done && !reasons.empty()) {
      context.remarks.push_back({std::string(pass), op.name, fmt::format("{} not fused: {}", info(op.kind).name, reasons), op.at});
    }
  }
  absorption.finish();
}

}  // namespace resnetc::passes
