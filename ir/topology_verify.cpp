/// \file The rules for every topology, after every pass and for every source of its text. Whether the two values of an edge fit is not
/// checked here, because check-skips reports that to the user. Where those of a concat edge do not, its result has no type.
#include <fmt/format.h>

#include <unordered_set>

#include "ir/checks.h"
#include "ir/forms/topology_parts.h"
#include "ir/topology.h"

namespace resnetc::topology {

namespace {

class Verifier {
 public:
  explicit Verifier(const Network& network) : n_(network), made_(network.values.size()) {}

  Fault run() {
    if (Fault fault = checks::identifier("the network's name", n_.name)) return fault;
    std::unordered_set<std::string_view> names;
    for (size_t i = 0; i < n_.values.size(); ++i) {
      const Value& value = n_.values[i];
      at_value(static_cast<ValueId>(i));
      if (value.name.empty()) return "a value has no name";
      if (!names.insert(value.name).second) return fmt::format("two values have the name '{}'", value.name);
      if (value.type && !fits(*value.type)) return fmt::format("the type of '{}' is empty or too large", value.name);
    }
    at_value(n_.input.value);
    if (Fault fault = check_input()) return fault;
    ValueId current = n_.input.value;
    if (Fault fault = check_list(n_.body, current, 0)) return fault;
    if (Fault fault = check_outputs()) return fault;
    for (size_t i = 0; i < made_.size(); ++i) {
      at_value(static_cast<ValueId>(i));
      if (!made_[i]) return fmt::format("nothing makes the value '{}'", n_.values[i].name);
    }
    return std::nullopt;
  }

  /// The part that was checked last when run() returned.
  const Finding& at() const { return at_; }

 private:
  void at_value(ValueId id) {
    at_.part = Finding::Part::value;
    at_.index = static_cast<size_t>(id);
  }

  bool defined(ValueId id) const { return id >= 0 && static_cast<size_t>(id) < made_.size() && made_[static_cast<size_t>(id)]; }

  Fault make(ValueId id) {
    if (id < 0 || static_cast<size_t>(id) >= made_.size()) return "a result is not a value of the network";
    if (made_[static_cast<size_t>(id)]) return fmt::format("the value '{}' is made twice", n_.value(id).name);
    made_[static_cast<size_t>(id)] = true;
    return std::nullopt;
  }

  Fault check_input() {
    if (n_.input.name.empty()) return "the input has no name";
    if (Fault fault = make(n_.input.value)) return fault;
    const std::optional<TensorType>& type = n_.value(n_.input.value).type;
    if (!type) return "the input has no type";
    return checks::input(n_.input.buffer, *type);
  }

  Fault check_outputs() {
    at_.part = Finding::Part::whole;
    if (n_.outputs.empty()) return "the network has no output";
    std::unordered_set<std::string_view> names;
    for (size_t i = 0; i < n_.outputs.size(); ++i) {
      const Output& output = n_.outputs[i];
      at_.part = Finding::Part::output;
      at_.index = i;
      if (output.name.empty()) return "an output has no name";
      if (!names.insert(output.name).second) return fmt::format("two outputs have the name '{}'", output.name);
      if (!defined(output.value)) return fmt::format("output '{}' names no value", output.name);
    }
    return std::nullopt;
  }

  Fault check_list(const std::vector<Node>& nodes, ValueId& current, int depth) {
    if (depth > max_nesting) return "nodes are nested too deeply";
    for (const Node& node : nodes) {
      at_value(node.result);
      if (node.input != current) return fmt::format("a node does not start at '{}', the value that stands there", n_.value(current).name);
      if (Fault fault = check_node(node, current, depth)) return fault;
      current = node.result;
    }
    return std::nullopt;
  }

  /// Checks a node; `current` is the value before it.
  Fault check_node(const Node& node, ValueId current, int depth) {
    switch (node.kind) {
      case NodeKind::layer: return check_layer(node);
      case NodeKind::block:
      case NodeKind::stage:
        if (node.label.empty()) return "a block or stage has no path";
        if (Fault fault = check_list(node.children, current, depth + 1)) return fault;
        if (node.result != current) return fmt::format("'{}' does not result in its last value", node.label);
        return std::nullopt;
      case NodeKind::skip:
      case NodeKind::concat:
      case NodeKind::gate: return check_edge(node, depth);
      case NodeKind::from:
        if (!defined(node.from)) return "a 'from' goes back to a value that is not defined before it";
        if (node.result != node.from) return fmt::format("a 'from' does not result in '{}'", n_.value(node.from).name);
        if (!node.children.empty()) return "a 'from' has children";
        return std::nullopt;
    }
    return "a node of unknown kind";
  }

  Fault check_layer(const Node& node) {
    const OpInfo& op = info(node.op);
    if (op.layer.empty()) return fmt::format("{} is no layer", op.name);
    if (!node.children.empty()) return fmt::format("a layer {} has children", op.name);
    if (Fault fault = make(node.result)) return fault;
    const Value& value = n_.value(node.result);
    const auto named = [&](const std::string& fault) { return fmt::format("{} '{}': {}", op.name, value.name, fault); };
    if (Fault fault = checks::attributes(node.op, node.attributes)) return named(*fault);
    const bool weights = has_weights(node.op, node.attributes);
    if (weights == node.weights.empty()) return named(weights ? "its weights have no name" : "it names weights and has none");
    if (weights && !weights_.insert(node.weights).second) return named(fmt::format("another layer has the weights '{}'", node.weights));
    if (!value.type) return std::nullopt;
    const std::optional<TensorType>& in = n_.value(node.input).type;
    if (!in) return named("its type is known, but not its operand's");
    const TensorType operand[] = {*in};
    if (Fault fault = checks::result_type(node.op, node.attributes, operand, *value.type)) return named(*fault);
    return std::nullopt;
  }

  Fault check_edge(const Node& node, int depth) {
    const bool gate = node.kind == NodeKind::gate;
    if (!gate && !defined(node.from)) return "an edge starts at a value that is not defined before it";
    ValueId current = gate ? node.input : node.from;
    if (Fault fault = check_list(node.children, current, depth + 1)) return fault;
    at_value(node.result);
    if (node.list_result != current) return "the list of an edge does not result in its last value";
    if (Fault fault = make(node.result)) return fault;
    const Value& value = n_.value(node.result);
    if (!value.type) return std::nullopt;
    if (node.kind == NodeKind::concat) return check_concatenation(node, value);
    if (value.type != n_.value(node.input).type) return fmt::format("'{}' has another type than the value it changes", value.name);
    return std::nullopt;
  }

  Fault check_concatenation(const Node& node, const Value& value) const {
    const std::optional<TensorType>&current = n_.value(node.input).type, &carried = n_.value(node.list_result).type;
    if (!current || !carried) return fmt::format("concat '{}': its type is known, but not those of its ends", value.name);
    const Result<TensorType> type = edge_type(node, *current, *carried);
    if (!type) return fmt::format("concat '{}': {}", value.name, type.failure().text);
    if (*type == *value.type) return std::nullopt;
    return fmt::format("concat '{}': its type is {} where the edge makes {}", value.name, to_string(*value.type), to_string(*type));
  }

  const Network& n_;
  std::vector<bool> made_;
  std::unordered_set<std::string_view> weights_;
  Finding at_;
};

}  // namespace

std::optional<Finding> verify(const Network& network) {
  Verifier verifier(network);
  if (Fault fault = verifier.run()) return Finding{*fault, verifier.at().part, verifier.at().index};
  return std::nullopt;
}

}  // namespace resnetc::topology
