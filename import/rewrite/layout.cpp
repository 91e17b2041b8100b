/// \file Inputs whose channels come last.
#include <algorithm>
#include <set>

#include "import/rewrite/rewrite.h"

namespace resnetc::importer {
namespace {

/// The values that convolutions read, and which so have their channels first.
std::set<flat::ValueId> convolved(const flat::Graph& graph) {
  std::set<flat::ValueId> values;
  for (const flat::Node& node : graph.nodes) {
    if (!node.dead && node.op == "Conv" && node.domain.empty() && !node.inputs.empty()) values.insert(node.inputs[0]);
  }
  return values;
}

}  // namespace

void take_planes(flat::Graph& graph) {
  const std::optional<Dims> dims = graph.value(graph.input).dims;
  if (!dims || dims->size() < 3 || dims->size() > 4) return;
  const std::vector<int64_t> to_front = dims->size() == 4 ? std::vector<int64_t>{0, 3, 1, 2} : std::vector<int64_t>{0, 2, 1};
  // Lines are turned in the same way from channels first to last.
  const bool line = dims->size() == 3;
  const std::set<flat::ValueId> channels_first = line ? convolved(graph) : std::set<flat::ValueId>();
  std::vector<flat::ValueId> transposed;
  for (const flat::Node& node : graph.nodes) {
    if (node.dead || std::find(node.inputs.begin(), node.inputs.end(), graph.input) == node.inputs.end()) continue;
    const bool turns = node.op == "Transpose" && node.domain.empty() && flat::list(node, "perm") == to_front;
    if (!turns || (line && !channels_first.contains(node.outputs[0]))) return;
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
  Dims first;
  for (const int64_t axis : to_front) first.push_back((*dims)[static_cast<size_t>(axis)]);
  graph.value(graph.input).dims = first;
  graph.channels_last = true;
}

}  // namespace resnetc::importer
