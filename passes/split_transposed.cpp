/// \file Rewrites the graph from the first operation to the last, so that operands always have their new numbers.
#include "passes/split_transposed.h"

#include <fmt/format.h>

#include <unordered_set>
#include <utility>
#include <vector>

#include "ir/transposed.h"

namespace resnetc::passes {
namespace {

using graph::Graph;
using graph::Op;
using graph::ValueId;

class Splitting {
 public:
  Splitting(Graph& graph, PassContext& context) : graph_(graph), context_(context) {
    for (const Op& op : graph.ops) names_.insert(op.name);
  }

  void run() {
    const auto now = [&](ValueId& id) {
      if (id != graph::no_value) id = renumbered_[static_cast<size_t>(id)];
    };
    std::vector<Op> old = std::exchange(graph_.ops, {});
    for (Op& op : old) {
      for (ValueId& operand : op.operands) now(operand);
      for (graph::Step& step : op.epilogue) now(step.operand);
      if (op.kind == OpKind::conv_transpose) {
        split(std::move(op));
      } else {
        graph_.ops.push_back(std::move(op));
      }
      renumbered_.push_back(static_cast<ValueId>(graph_.ops.size() - 1));
    }
    for (graph::Output& output : graph_.outputs) now(output.value);
  }

 private:
  void split(Op op) {
    const TensorType in = graph_.op(op.operands[0]).type;
    const Phases phases = phases_of(op.attributes, in, op.type);
    Op convolution;
    convolution.kind = OpKind::conv2d;
    convolution.attributes = phases.convolution;
    convolution.type = phases.type;
    convolution.operands = op.operands;
    convolution.constants = {to_phases(op.constants[0], phases.taps)};
    convolution.at = op.at;
    context_.remarks.push_back({"split-transposed", op.name,
                                fmt::format("a convolution {} of {} phases", as_written(phases.convolution.kernel, op.type),
                                            as_written(op.attributes.stride, op.type)),
                                op.at});
    if (convolution.type == op.type) {  // one phase
      convolution.name = std::move(op.name);
      convolution.epilogue = std::move(op.epilogue);
      graph_.ops.push_back(std::move(convolution));
      return;
    }
    convolution.name = op.name + ".phases";
    while (!names_.insert(convolution.name).second) convolution.name += "_";
    graph_.ops.push_back(std::move(convolution));
    op.kind = OpKind::pixel_shuffle;
    op.operands = {static_cast<ValueId>(graph_.ops.size() - 1)};
    op.constants.clear();
    const Extent2 factor = op.attributes.stride;
    op.attributes = {};
    op.attributes.factor = factor;
    if (phases.cropped) op.attributes.size = {op.type.height, op.type.width};
    graph_.ops.push_back(std::move(op));
  }

  Graph& graph_;
  PassContext& context_;
  std::unordered_set<std::string> names_;
  std::vector<ValueId> renumbered_;
};

}  // namespace

void split_transposed(Graph& graph, PassContext& context) {
  for (const Op& op : graph.ops) {
    if (op.kind == OpKind::conv_transpose) return Splitting(graph, context).run();
  }
}

}  // namespace resnetc::passes
