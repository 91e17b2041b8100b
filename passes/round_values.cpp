/// \file Rewrites the graph from its first operation to its last.
#include "passes/round_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/quantized.h"
#include "ir/ranges.h"
#include "passes/unique_names.h"

namespace resnetc::passes {

namespace {

using graph::Graph;
using graph::Op;
using graph::ValueId;

class Rounding {
 public:
  Rounding(Graph& graph, const Ranges& ranges) : old_(graph), stands_for_(graph.ops.size(), graph::no_value), names_(graph) {
    for (const ValueRange& range : ranges.values) {
      if (range.fixed) fixed_.emplace(range.name, *range.fixed);
    }
  }

  Graph run() {
    for (size_t i = 0; i < old_.ops.size(); ++i) stands_for_[i] = rewrite(std::move(old_.ops[i]));
    for (graph::Output& output : old_.outputs) output.value = stands_for_[static_cast<size_t>(output.value)];
    old_.ops = std::move(ops_);
    return std::move(old_);
  }

 private:
  /// Adds the operation and its rounding. Returns the value that stands for the old one.
  ValueId rewrite(Op op) {
    for (ValueId& operand : op.operands) operand = stands_for_[static_cast<size_t>(operand)];
    for (graph::Step& step : op.epilogue) {
      if (step.operand != graph::no_value) step.operand = stands_for_[static_cast<size_t>(step.operand)];
    }
    const auto found = fixed_.find(op.name);
    if (found == fixed_.end()) return add(std::move(op));
    if (graph::moving_ops.has(op.kind) && op.epilogue.empty()) {
      for (ValueId& operand : op.operands) operand = rounded(operand, found->second);
      return add(std::move(op));
    }
    if (op.kind == OpKind::relu) {  // rounds 0 to 0, so to round to the same integers before it makes no difference
      const Op& operand = ops_[static_cast<size_t>(op.operands[0])];
      if (graph::quantization_of(operand.kind, operand.constants) == found->second) op.operands[0] = operand.operands[0];
    }
    if (op.kind == OpKind::input) return rounded(add(std::move(op)), found->second);
    // What is rounded keeps the name by which people know it.
    std::string name = std::exchange(op.name, names_.unique(op.name + ".unrounded"));
    return add(rounding(add(std::move(op)), found->second, std::move(name)));
  }

  ValueId add(Op op) {
    grids_.push_back(grid_of(op));
    ops_.push_back(std::move(op));
    return static_cast<ValueId>(ops_.size()) - 1;
  }

  Op rounding(ValueId of, const Quantization& to, std::string name) const {
    const Op& rounded = ops_[static_cast<size_t>(of)];
    Op op;
    op.kind = OpKind::fake_quantize;
    op.name = std::move(name);
    op.type = rounded.type;
    op.operands = {of};
    op.constants = {fill(static_cast<double>(to.scale), {op.type.channels}), fill(to.zero, {op.type.channels})};
    op.at = rounded.at;
    return op;
  }

  /// The value rounded to these integers.
  ValueId rounded(ValueId value, const Quantization& to) {
    if (grids_[static_cast<size_t>(value)] == to) return value;
    const auto [found, is_new] = rounded_.emplace(std::pair(value, std::pair(to.scale, to.zero)), graph::no_value);
    if (is_new) found->second = add(rounding(value, to, names_.unique(ops_[static_cast<size_t>(value)].name + ".rounded")));
    return found->second;
  }

  /// What the integers mean that all elements of the operation's result are.
  std::optional<Quantization> grid_of(const Op& op) const {
    if (!op.epilogue.empty()) return std::nullopt;
    if (!graph::moving_ops.has(op.kind)) return graph::quantization_of(op.kind, op.constants);
    const std::optional<Quantization> first = grids_[static_cast<size_t>(op.operands[0])];
    const auto same = [&](ValueId operand) { return grids_[static_cast<size_t>(operand)] == first; };
    return std::all_of(op.operands.begin(), op.operands.end(), same) ? first : std::nullopt;
  }

  Graph& old_;
  std::vector<Op> ops_;
  std::vector<std::optional<Quantization>> grids_;  ///< of each of them
  std::vector<ValueId> stands_for_;                 ///< of each old value
  std::map<std::string, Quantization, std::less<>> fixed_;
  std::map<std::pair<ValueId, std::pair<float, int32_t>>, ValueId> rounded_;
  UniqueNames names_;
};

}  // namespace

void round_values(Graph& graph, PassContext& context) {
  if (context.ranges == nullptr) return;
  Graph rewritten = Rounding(graph, *context.ranges).run();
  graph = std::move(rewritten);
  graph::remove_unused(graph);
}

}  // namespace resnetc::passes
