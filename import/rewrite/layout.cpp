/// \file Inputs whose channels come last.
#include <algorithm>

#include "import/rewrite/rewrite.h"

namespace resnetc::importer {

void take_planes(flat::Graph& graph) {
  const std::optional<Dims> dims = graph.value(graph.input).dims;
  if (!dims || dims->size() != 4) return;
  std::vector<flat::ValueId> transposed;
  for (const flat::Node& node : graph.nodes) {
    if (node.dead || std::find(node.inputs.begin(), node.inputs.end(), graph.input) == node.inputs.end()) continue;
    const bool turns = node.op == "Transpose" && node.domain.empty() && flat::list(node, "perm") == std::vector<int64_t>{0, 3, 1, 2};
    if (!turns) return;
    transposed.push_back(node.outputs[0]);
  }
  for (const auto& [name, value] : graph.outputs) {
    if (value == graph.input) return;
  }
  if (transposed.empty()) return;
  for (const flat::ValueId value : transposed) {
    graph.node(graph.value(value).producer).dead = true;
    replace_uses(graph, value, graph.input);
  }
  graph.value(graph.input).dims = Dims{(*dims)[0], (*dims)[3], (*dims)[1], (*dims)[2]};
  graph.channels_last = true;
}

}  // namespace resnetc::importer
