#include "passes/infer_shapes.h"

#include <fmt/format.h>

namespace resnetc::passes {
namespace {

using topology::Node;
using topology::NodeKind;

class Inference {
 public:
  Inference(topology::Network& network, PassContext& context) : network_(network), context_(context) {}

  void run(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      run(node.children);
      if (node.kind == NodeKind::layer) layer(node);
      if (node.kind == NodeKind::skip || node.kind == NodeKind::gate) {
        network_.value(node.result).type = network_.value(node.input).type;
      }
    }
  }

 private:
  void layer(const Node& node) {
    const auto& operand = network_.value(node.input);
    if (!operand.type) return;
    std::string why;
    auto type = infer_type(node.op, node.attributes, std::span(&*operand.type, 1), why);
    if (!type) {
      context_.diagnostics->error(node.at, why)
          .note(operand.at, fmt::format("its input, '{}', is {}", operand.name, to_string(*operand.type)));
      return;
    }
    network_.value(node.result).type = type;
  }

  topology::Network& network_;
  PassContext& context_;
};

}  // namespace

void infer_shapes(topology::Network& network, PassContext& context) { Inference(network, context).run(network.body); }

}  // namespace resnetc::passes
