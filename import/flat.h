/// \file A model as one flat list of operators: functions are inlined, branches chosen, and what does not depend on the picture is a
/// constant. Rewrites happen here (import/rewrite).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "import/model.h"
#include "import/tensor.h"

namespace resnetc::importer::flat {

/// An index into Graph::values.
using ValueId = int32_t;
inline constexpr ValueId no_value = -1;
/// An index into Graph::nodes.
using NodeId = int32_t;
inline constexpr NodeId no_node = -1;

struct Value {
  std::string name;
  std::optional<Dims> dims;  ///< nothing where they are not known
  TensorPtr constant;        ///< null if the value depends on the picture
  NodeId producer = no_node;
};

struct Node {
  std::string op;
  std::string domain;
  std::string name;
  std::string scope;
  std::vector<ValueId> inputs;  ///< no_value for an input that is left out
  std::vector<ValueId> outputs;
  Attributes attributes;
  bool dead = false;  ///< a rewrite has taken it into another node
};

/// A value type. Nodes stand in an order in which each reads what earlier ones make.
struct Graph {
  std::vector<Node> nodes;
  std::vector<Value> values;
  ValueId input = no_value;
  std::string input_name;
  std::vector<std::pair<std::string, ValueId>> outputs;
  Whole batch;                   ///< the first dimension of the input
  bool channels_last = false;    ///< whether the input is [N, H, W, C] or [N, L, C]
  bool from_tensorflow = false;  ///< whether tf2onnx wrote the model, so names are paths of TensorFlow
  int64_t opset = 0;

  const Value& value(ValueId id) const { return values[static_cast<size_t>(id)]; }
  Value& value(ValueId id) { return values[static_cast<size_t>(id)]; }
  const Node& node(NodeId id) const { return nodes[static_cast<size_t>(id)]; }
  Node& node(NodeId id) { return nodes[static_cast<size_t>(id)]; }
  /// The constant that a node's input is; null if it is none, or is left out.
  TensorPtr constant(const Node& of, size_t index) const {
    return index < of.inputs.size() && of.inputs[index] != no_value ? value(of.inputs[index]).constant : nullptr;
  }
};

// Attributes of a node, or the default.
int64_t integer(const Node& node, std::string_view name, int64_t otherwise);
double real(const Node& node, std::string_view name, double otherwise);
std::string_view text(const Node& node, std::string_view name, std::string_view otherwise = {});
std::optional<std::vector<int64_t>> list(const Node& node, std::string_view name);
bool has(const Node& node, std::string_view name);

/// A list of numbers that newer operators take as an input and older ones as an attribute: axes, pads, a shape. Nothing if there is none,
/// or if it is not constant.
std::optional<std::vector<int64_t>> list_at(const Graph& graph, const Node& node, size_t input, std::string_view attribute);
/// An axis from -rank to rank - 1 as one from 0; nothing if it is outside.
std::optional<size_t> axis_of(int64_t axis, size_t rank);
/// Axes that way, sorted; nothing if one is outside or comes twice.
std::optional<std::vector<size_t>> axes_of(const std::vector<int64_t>& axes, size_t rank);

/// How often each value is used, as an input or as an output of the graph. Dead nodes do not count.
std::vector<int> use_counts(const Graph& graph);
/// Makes all readers of `old` read `now` instead.
void replace_uses(Graph& graph, ValueId old, ValueId now);
/// "'Gelu' (node 'x', output 'y')", for messages.
std::string described(const Graph& graph, const Node& node);

}  // namespace resnetc::importer::flat
