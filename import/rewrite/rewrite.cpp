/// \file The order of the rewrites, and what they share.
#include "import/rewrite/rewrite.h"

#include <algorithm>
#include <cmath>

namespace resnetc::importer {

void rewrite(flat::Graph& graph) {
  name_roundings(graph);
  turn_before_pads(graph);
  find_channels_last(graph);
  name_views(graph);
  leave_out_views(graph);
  name_repeats(graph);
  absorb_pads(graph);
  name_activations(graph);
  name_norms(graph);
  name_quotients(graph);
  name_evo_norms(graph);
  name_channel_convolutions(graph);
  name_parts(graph);
  name_shuffles(graph);
  name_space_to_depth(graph);
  std::vector<bool> used(graph.values.size());
  for (const auto& [name, value] : graph.outputs) used[static_cast<size_t>(value)] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    flat::Node& node = graph.nodes[i];
    node.dead = node.dead || std::none_of(node.outputs.begin(), node.outputs.end(),
                                          [&](flat::ValueId v) { return v != flat::no_value && used[static_cast<size_t>(v)]; });
    if (node.dead) continue;
    for (const flat::ValueId v : node.inputs) {
      if (v != flat::no_value) used[static_cast<size_t>(v)] = true;
    }
  }
}

const flat::Node* made_by(const flat::Graph& graph, flat::ValueId value, std::string_view op) {
  if (value == flat::no_value) return nullptr;
  const flat::NodeId producer = graph.value(value).producer;
  if (producer == flat::no_node) return nullptr;
  const flat::Node& node = graph.node(producer);
  const bool fits = node.op == op && node.domain.empty() && !node.inputs.empty() && !node.outputs.empty() && node.outputs[0] == value;
  return fits ? &node : nullptr;
}

const flat::Node* made_by(const flat::Graph& graph, flat::ValueId value, std::initializer_list<std::string_view> ops) {
  for (const std::string_view op : ops) {
    if (const flat::Node* node = made_by(graph, value, op); node != nullptr) return node;
  }
  return nullptr;
}

std::optional<double> number_at(const flat::Graph& graph, const flat::Node& node, size_t input) {
  const TensorPtr constant = graph.constant(node, input);
  return constant ? uniform(*constant) : std::nullopt;
}

bool close(double a, double b) {
  return std::isfinite(a) && std::isfinite(b) && std::abs(a - b) <= 5e-4 * std::max(std::abs(a), std::abs(b));
}

}  // namespace resnetc::importer
