/// \file Views that are spelled as a choice of elements.
#include <numeric>

#include "import/rewrite/rewrite.h"

namespace resnetc::importer {

void name_views(flat::Graph& graph) {
  for (flat::Node& node : graph.nodes) {
    if (node.dead || node.op != "Gather" || !node.domain.empty() || node.inputs.size() != 2 || node.outputs.size() != 1) continue;
    const flat::Node* row = made_by(graph, node.inputs[0], "Reshape");
    const TensorPtr indices = graph.constant(node, 1);
    const std::optional<Dims>& length = graph.value(node.inputs[0]).dims;
    if (row == nullptr || !indices || indices->elements == Elements::real || !length || length->size() != 1) continue;
    const std::optional<std::vector<int64_t>> order = integers(*indices);
    if (!order || (*length)[0] != Whole{static_cast<int64_t>(order->size()), 0}) continue;
    std::vector<int64_t> in_turn(order->size());
    std::iota(in_turn.begin(), in_turn.end(), int64_t{0});
    if (*order != in_turn) continue;
    node.op = "Reshape";  // its dimensions are known already
    node.attributes.clear();
    node.inputs = {row->inputs[0]};
  }
}

void leave_out_views(flat::Graph& graph) {
  std::vector<flat::ValueId> now(graph.values.size());
  std::iota(now.begin(), now.end(), 0);
  for (flat::Node& node : graph.nodes) {
    if (node.dead) continue;
    for (flat::ValueId& input : node.inputs) {
      if (input != flat::no_value) input = now[static_cast<size_t>(input)];
    }
    if (node.op != "Reshape" || !node.domain.empty() || node.inputs.empty() || node.outputs.size() != 1) continue;
    const flat::ValueId from = node.inputs[0], to = node.outputs[0];
    if (from == flat::no_value || to == flat::no_value) continue;
    const std::optional<Dims>& dims = graph.value(from).dims;
    if (!dims || dims != graph.value(to).dims) continue;
    now[static_cast<size_t>(to)] = from;
    node.dead = true;
  }
  for (auto& [name, value] : graph.outputs) value = now[static_cast<size_t>(value)];
}

}  // namespace resnetc::importer
