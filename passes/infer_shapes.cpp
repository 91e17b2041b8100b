/// \file Walks the topology once, in the order of definition.
#include "passes/infer_shapes.h"

#include <fmt/format.h>

#include "passes/shape_history.h"

namespace resnetc::passes {
namespace {

using topology::Node;
using topology::NodeKind;
using topology::ValueId;

class Inference {
 public:
  Inference(topology::Network& network, PassContext& context) : network_(network), history_(network), errors_(*context.diagnostics) {}

  void run(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      errors_.enter(node);
      run(node.children);
      errors_.leave();
      switch (node.kind) {
        case NodeKind::layer: layer(node); break;
        case NodeKind::skip:
        case NodeKind::gate: type(node.result) = type(node.input); break;
        case NodeKind::concat: concatenation(node); break;
        case NodeKind::from:
        case NodeKind::block:
        case NodeKind::stage: break;
      }
    }
  }

 private:
  std::optional<TensorType>& type(ValueId value) { return network_.value(value).type; }

  /// Leaves the result without a type where the ends do not fit, which check-skips reports.
  void concatenation(const Node& node) {
    type(node.result).reset();
    if (!type(node.input) || !type(node.list_result)) return;
    const Result<TensorType> made = topology::edge_type(node, *type(node.input), *type(node.list_result));
    if (made) type(node.result) = *made;
  }

  void layer(const Node& node) {
    const auto& operand = network_.value(node.input);
    network_.value(node.result).type.reset();
    if (!operand.type) return;
    const Result<TensorType> type = infer_type(node.op, node.attributes, std::span(&*operand.type, 1));
    if (type) {
      network_.value(node.result).type = *type;
      return;
    }
    Diagnostic* error = errors_.error(node.at, type.failure().text);
    if (error == nullptr) return;
    error->note(operand.at, fmt::format("its input, '{}', is {}", operand.name, to_string(*operand.type)));
    history_.explain(*error, node.input, true, !operand.type->is_vector());
    errors_.note_block(*error);
  }

  topology::Network& network_;
  ShapeHistory history_;
  OncePerPlace errors_;
};

}  // namespace

void infer_shapes(topology::Network& network, PassContext& context) { Inference(network, context).run(network.body); }

}  // namespace resnetc::passes
