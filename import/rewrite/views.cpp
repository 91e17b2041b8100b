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

}  // namespace resnetc::importer
