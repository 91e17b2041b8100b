/// \file Collects the values that are used, then looks for makers of others.
#include "frontend/unused_values.h"

#include <vector>

#include "frontend/messages.h"

namespace resnetc {
namespace {

using topology::Node;

/// Recursion is bounded, as the front end bounds the nesting of nodes.
void mark_used(const std::vector<Node>& nodes, std::vector<bool>& used) {
  for (const Node& node : nodes) {
    mark_used(node.children, used);
    if (makes_value(node.kind)) used[static_cast<size_t>(node.input)] = true;
    if (is_edge(node.kind)) used[static_cast<size_t>(node.list_result)] = true;
  }
}

void warn(const std::vector<Node>& nodes, const std::vector<bool>& used, Reporter& reporter) {
  for (const Node& node : nodes) {
    warn(node.children, used, reporter);
    if (makes_value(node.kind) && !used[static_cast<size_t>(node.result)]) reporter.warning(node.at, message::unused_value);
  }
}

}  // namespace

void warn_of_unused_values(const topology::Network& network, Reporter& reporter) {
  std::vector<bool> used(network.values.size());
  mark_used(network.body, used);
  for (const topology::Output& output : network.outputs) used[static_cast<size_t>(output.value)] = true;
  warn(network.body, used, reporter);
}

}  // namespace resnetc
