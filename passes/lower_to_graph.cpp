/// \file Walks the topology once, in the order of execution.
#include "passes/lower_to_graph.h"

#include <fmt/format.h>

#include <set>

#include "ir/window.h"
#include "passes/weight_name.h"

namespace resnetc::passes {
namespace {

using topology::Node;
using topology::NodeKind;

class Lowering {
 public:
  explicit Lowering(const topology::Network& network) : network_(network), lowered_(network.values.size(), graph::no_value) {}

  graph::Graph run() {
    graph_.name = network_.name;
    graph_.input = network_.input.buffer;
    for (const topology::Value& value : network_.values) names_.insert(value.name);
    push(OpKind::input, network_.input.value, {});
    nodes(network_.body);
    for (const topology::Output& o : network_.outputs) graph_.outputs.push_back({o.name, at(o.value), o.at});
    return std::move(graph_);
  }

 private:
  graph::ValueId at(topology::ValueId v) const { return lowered_[static_cast<size_t>(v)]; }

  graph::Op& push(OpKind kind, topology::ValueId result, std::vector<graph::ValueId> operands) {
    const topology::Value& value = network_.value(result);
    lowered_[static_cast<size_t>(result)] = static_cast<graph::ValueId>(graph_.ops.size());
    graph::Op& op = graph_.ops.emplace_back();
    op.kind = kind;
    op.name = value.name;
    op.type = *value.type;
    op.operands = std::move(operands);
    op.at = value.at;
    return op;
  }

  /// Makes a picture or line of the vector on a concat edge, as large as the current value: concat has no step that spreads.
  graph::ValueId spread(const Node& node) {
    const TensorType& current = *network_.value(node.input).type;
    graph::Op op;
    op.kind = OpKind::spread;
    op.name = network_.value(node.result).name + ".spread";
    while (!names_.insert(op.name).second) op.name += "_";
    op.attributes.size = {current.height, current.width};
    op.attributes.line = current.is_line();
    op.type = current.with(network_.value(node.list_result).type->channels, current.height, current.width);
    op.operands = {at(node.list_result)};
    op.at = network_.value(node.result).at;
    graph_.ops.push_back(std::move(op));
    return static_cast<graph::ValueId>(graph_.ops.size() - 1);
  }

  void nodes(const std::vector<Node>& list) {
    for (const Node& node : list) {
      nodes(node.children);
      switch (node.kind) {
        case NodeKind::layer: layer(node); break;
        case NodeKind::skip: push(OpKind::add, node.result, {at(node.input), at(node.list_result)}); break;
        case NodeKind::concat:
          push(OpKind::concat, node.result, {at(node.input), node.spread ? spread(node) : at(node.list_result)});
          break;
        case NodeKind::gate: push(OpKind::mul, node.result, {at(node.input), at(node.list_result)}); break;
        case NodeKind::from:
        case NodeKind::block:
        case NodeKind::stage: break;
      }
    }
  }

  void layer(const Node& node) {
    graph::Op& op = push(node.op, node.result, {at(node.input)});
    op.attributes = graph::kept_attributes(node.op, node.attributes);
    const TensorType& type = *network_.value(node.input).type;
    if (padded_ops.has(node.op)) op.attributes.pad = padding_of(node.attributes, type);
    const bool convolution = product_ops.has(node.op);
    if (node.op == OpKind::batch_norm && !node.attributes.affine) {
      for (double neutral : {1.0, 0.0}) op.constants.push_back(fill(neutral, {type.channels}));
    }
    if (info(node.op).weights == nullptr) {
      for (std::string_view name : info(node.op).constants) {
        op.constants.push_back(fill(number_named(name, node.attributes), {type.channels}));
      }
    }
    graph::Step weights_step{info(node.op).weights_step.value_or(OpKind::bias), graph::no_value, {}};
    for (const WeightSpec& w : weight_specs(node.op, node.attributes, type)) {
      RecipePtr recipe = tensor(weight_name(node.op, node.weights, w.suffix), w.shape);
      if (info(node.op).weights_step) {
        weights_step.constants.push_back(std::move(recipe));
      } else if (convolution && w.suffix == "bias") {
        op.epilogue.push_back({graph::StepKind::bias, graph::no_value, {std::move(recipe)}});
      } else {
        op.constants.push_back(std::move(recipe));
      }
    }
    if (!weights_step.constants.empty()) op.epilogue.push_back(std::move(weights_step));
  }

  const topology::Network& network_;
  std::set<std::string> names_;  ///< of all values of the topology, and of the operations that spread
  graph::Graph graph_;
  std::vector<graph::ValueId> lowered_;
};

}  // namespace

graph::Graph lower_to_graph(const topology::Network& network, PassContext&) { return Lowering(network).run(); }

}  // namespace resnetc::passes
