/// \file The graph's operations stand in the order of the statements, so each is compared with one node.
#include "import/check_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "frontend/frontend.h"
#include "ir/graph.h"
#include "ir/window.h"
#include "passes/pipeline.h"
#include "passes/weight_name.h"
#include "support/printable.h"

namespace resnetc::importer {
namespace {

Failure differs(std::string what) { return Failure{"the imported text does not give the model's graph: " + std::move(what), Blame::bug}; }

/// The tensors that an operation reads, in the order of weight_specs().
std::vector<TensorRef> tensors_of_operation(const graph::Op& op) {
  std::vector<TensorRef> tensors;
  for (const RecipePtr& constant : op.constants) collect_tensors(*constant, tensors);
  for (const graph::Step& step : op.epilogue) {
    for (const RecipePtr& constant : step.constants) collect_tensors(*constant, tensors);
  }
  return tensors;
}

/// Whether the layers of a topology, in the order of their operations, have the attributes of the network's. A graph keeps only some of
/// them.
Result<> same_attributes(const std::vector<topology::Node>& nodes, const Network& network, const std::vector<LayerId>& order,
                         size_t& next) {
  for (const topology::Node& node : nodes) {
    if (const Result<> inside = same_attributes(node.children, network, order, next); !inside) return inside;
    if (node.kind == topology::NodeKind::block || node.kind == topology::NodeKind::stage || node.kind == topology::NodeKind::from) continue;
    if (node.kind == topology::NodeKind::concat && node.spread) ++next;  // the operation that spreads
    if (next >= order.size()) return differs("there are more layers");
    const Layer& layer = network.node(order[next++]);
    OpAttributes attributes = node.attributes;
    if (attributes.same_pad) {
      attributes.pad = padding_of(attributes, network.node(layer.operands[0]).type);
      attributes.same_pad = false;
    }
    if (node.kind == topology::NodeKind::layer && !(attributes == layer.attributes)) {
      return differs(fmt::format("attributes of '{}'", layer.value));
    }
  }
  return {};
}

class Comparison {
 public:
  Comparison(const Network& network, const graph::Graph& graph) : network_(network), graph_(graph) {
    value_of_[0] = 0;
    note_range(graph.ops[0], network.node(0));
  }

  Result<> operation(size_t index, LayerId id) {
    const graph::Op& op = graph_.ops[index];
    const Layer& layer = network_.node(id);
    const std::string what = fmt::format("%{} is {}, '{}' is {}", op.name, info(op.kind).name, layer.value, info(layer.op).name);
    if (op.kind != layer.op) return differs(what);
    if (!(op.type == layer.type)) return differs(fmt::format("%{} is {}, not {}", op.name, to_string(op.type), to_string(layer.type)));
    if (!(op.attributes == graph::kept_attributes(layer.op, layer.attributes))) return differs(fmt::format("attributes of %{}", op.name));
    std::vector<LayerId> operands;
    for (const graph::ValueId operand : op.operands) operands.push_back(value_of_.at(operand));
    std::vector<LayerId> wanted = layer.operands;
    if (layer.op == OpKind::add || (layer.op == OpKind::mul && op.operands.size() == 2)) {  // their order means nothing
      std::sort(operands.begin(), operands.end());
      std::sort(wanted.begin(), wanted.end());
    }
    if (operands != wanted) return differs(fmt::format("operands of %{}", op.name));
    if (const Result<> good = weights(op, layer); !good) return good;
    value_of_[static_cast<graph::ValueId>(index)] = id;
    note_range(op, layer);
    return {};
  }

  LayerId layer_of(graph::ValueId value) const { return value_of_.at(value); }
  CheckedText take() {
    for (NamedWeight& steps : steps_) checked_.weights.push_back(std::move(steps));
    return std::move(checked_);
  }

 private:
  Result<> weights(const graph::Op& op, const Layer& layer) {
    const std::vector<TensorRef> tensors = tensors_of_operation(op);
    if (tensors.size() != layer.weights.size()) return differs(fmt::format("weights of %{}", op.name));
    for (size_t i = 0; i < tensors.size(); ++i) {
      const LayerWeight& weight = layer.weights[i];
      const bool named = passes::is_named_as_layer(layer.op) || tensors[i].name.ends_with("." + std::string(weight.suffix));
      if (!named || element_count(tensors[i].shape) != static_cast<int64_t>(weight.values->size())) {
        return differs(fmt::format("'{}' of %{}", tensors[i].name, op.name));
      }
      checked_.weights.push_back({tensors[i].name, tensors[i].shape, weight.values});
      if (weight.suffix == "weight") note_steps(op, tensors[i], *weight.values);
    }
    return {};
  }

  void note_range(const graph::Op& op, const Layer& layer) {
    if (!layer.rounded) return;
    checked_.ranges.values.push_back(fixed_range(op.name, *layer.rounded));
    checked_.ranges.values.back().reason = fmt::format("the model's {}", printable(layer.rounded_as));
  }

  /// The steps of weights that the model has as integers become another tensor.
  void note_steps(const graph::Op& op, const TensorRef& tensor, const Tensor& values) {
    if ((op.kind != OpKind::conv2d && op.kind != OpKind::linear) || !values.steps) return;
    const Tensor::Steps& steps = *values.steps;
    const auto rows = static_cast<size_t>(tensor.shape[0]);
    if (steps.values.empty()) {
      checked_.ranges.weights.push_back({tensor.name, "", {}});
      return;
    }
    if (steps.values.size() != 1 && (steps.axis != 0 || steps.values.size() != rows)) return;
    std::vector<double> of_rows(rows, steps.values[0]);
    if (steps.values.size() == rows) of_rows = steps.values;
    steps_.push_back({tensor.name + std::string(steps_ending), {tensor.shape[0]}, reals_of({tensor.shape[0]}, std::move(of_rows))});
    checked_.ranges.weights.push_back({tensor.name, steps_.back().name, {}});
  }

  const Network& network_;
  const graph::Graph& graph_;
  std::map<graph::ValueId, LayerId> value_of_;
  CheckedText checked_;
  std::vector<NamedWeight> steps_;
};

}  // namespace

Result<CheckedText> check_text(const std::string& text, const std::string& name, const Network& network, const Statements& body,
                               const std::vector<std::string>& output_names, const std::vector<std::string>& installed_dirs) {
  Sources sources;
  Diagnostics diagnostics(sources);
  FrontendOptions options;
  options.installed_dirs = installed_dirs;
  passes::PipelineContext context;
  context.diagnostics = &diagnostics;
  passes::AnyIr ir;
  std::optional<topology::Network> read = parse_network(name + ".rn", text, options, diagnostics);
  bool good = read.has_value();
  std::vector<topology::Node> layers;
  if (good) {
    layers = read->body;
    ir = std::move(*read);
    good = passes::run_pipeline(ir, passes::Level::topology, context) && passes::run_pass("lower-to-graph", ir, context);
  }
  if (!good || diagnostics.has_errors()) return Failure{"the imported text is wrong: " + diagnostics.render(), Blame::bug};

  const auto& graph = std::get<graph::Graph>(ir);
  std::vector<LayerId> order;
  for_each_layer(body, [&](LayerId id) { order.push_back(id); });
  if (graph.ops.size() != network.nodes.size() || order.size() + 1 != network.nodes.size()) {
    return differs(fmt::format("{} operations instead of {}", graph.ops.size(), network.nodes.size()));
  }
  std::vector<LayerId> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return differs("a layer stands there twice");
  if (!(graph.input.type == network.input.type) || graph.input.order != network.input.order) return differs("the input");
  size_t next = 0;
  if (const Result<> same = same_attributes(layers, network, order, next); !same) return same.failure();
  Comparison comparison(network, graph);
  for (size_t i = 0; i < order.size(); ++i) {
    if (const Result<> same = comparison.operation(i + 1, order[i]); !same) return same.failure();
  }
  if (graph.outputs.size() != network.outputs.size()) return differs("the number of outputs");
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const graph::Output& output = graph.outputs[i];
    if (output.name != output_names[i] || comparison.layer_of(output.value) != network.outputs[i].value) {
      return differs(fmt::format("the output '{}'", output.name));
    }
  }
  CheckedText checked = comparison.take();
  checked.ranges.network = name;
  return checked;
}

}  // namespace resnetc::importer
