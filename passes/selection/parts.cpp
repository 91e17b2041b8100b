/// \file Walks concatenations from the last to the first, so that one inside another lies in the outer one's tensor.
#include "passes/selection/parts.h"

#include "ir/recipe.h"

namespace resnetc::passes {
namespace {

using graph::no_value;
using graph::ValueId;

/// Whether all boundaries of a concatenation lie between whole vectors, and those of the concatenations that it consists of.
std::vector<bool> bounded_by_vectors(const graph::Graph& graph) {
  std::vector<bool> bounded(graph.ops.size(), true);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const graph::Op& op = graph.ops[i];
    if (op.kind != OpKind::concat) continue;
    bounded[i] = graph.op(op.operands[0]).type.channels % lanes == 0;
    for (ValueId operand : op.operands) bounded[i] = bounded[i] && bounded[static_cast<size_t>(operand)];
  }
  return bounded;
}

/// The first channel of each operand of a concatenation that begins at `first`.
int64_t beginning_of(const graph::Graph& graph, const graph::Op& concatenation, size_t operand, int64_t first) {
  return operand == 0 ? first : first + graph.op(concatenation.operands[0]).type.channels;
}

}  // namespace

std::vector<Part> find_parts(const graph::Graph& graph) {
  const std::vector<bool> bounded = bounded_by_vectors(graph);
  std::vector<Part> parts(graph.ops.size());
  const auto part = [&](ValueId id) -> Part& { return parts[static_cast<size_t>(id)]; };
  for (size_t i = graph.ops.size(); i-- > 0;) {
    const graph::Op& op = graph.ops[i];
    if (op.kind != OpKind::concat) continue;
    if (parts[i].whole == no_value) parts[i].whole = static_cast<ValueId>(i);
    for (size_t k = 0; k < op.operands.size(); ++k) {
      const ValueId operand = op.operands[k];
      const int64_t first = beginning_of(graph, op, k, parts[i].first_channel);
      const bool follows_vectors = k == 0 || (first % lanes == 0 && bounded[static_cast<size_t>(op.operands[0])]);
      // Nothing writes a slice. The network's input may have to stand without gaps between its pixels.
      const bool written = graph.op(operand).kind != OpKind::slice_channels && graph.op(operand).kind != OpKind::input;
      if (follows_vectors && written && part(operand).whole == no_value) part(operand) = {parts[i].whole, first};
    }
  }
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const graph::Op& op = graph.ops[i];
    if (op.kind == OpKind::slice_channels) {
      const Part& of = part(op.operands[0]);
      parts[i] = {of.whole, of.first_channel + op.attributes.first};
    } else if (parts[i].whole == no_value) {
      parts[i].whole = static_cast<ValueId>(i);
    }
  }
  return parts;
}

std::vector<Copy> copies_into(const graph::Graph& graph, const std::vector<Part>& parts, ValueId concatenation) {
  std::vector<Copy> copies;
  const graph::Op& op = graph.op(concatenation);
  if (op.kind != OpKind::concat) return copies;
  const Part& whole = parts[static_cast<size_t>(concatenation)];
  for (size_t k = 0; k < op.operands.size(); ++k) {
    const Part to{whole.whole, beginning_of(graph, op, k, whole.first_channel)};
    const Part& there = parts[static_cast<size_t>(op.operands[k])];
    if (there.whole != to.whole || there.first_channel != to.first_channel) copies.push_back({op.operands[k], to});
  }
  return copies;
}

}  // namespace resnetc::passes
