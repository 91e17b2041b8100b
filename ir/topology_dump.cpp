/// \file The Graphviz form of topologies.
#include <fmt/format.h>

#include "ir/dump.h"
#include "ir/topology.h"
#include "ir/topology_parts.h"

namespace resnetc::topology {

namespace {

class DotWriter {
 public:
  explicit DotWriter(const Network& network) : n_(network), out_(dump::dot_begin(network.name)) {}

  std::string run() {
    out_ += node(n_.input.value, "input");
    write(n_.body);
    for (const Output& output : n_.outputs) {
      const std::string id = "output " + output.name;
      out_ += dump::dot_node(id, output.name, "shape=oval") + dump::dot_edge(name(output.value), id);
    }
    return out_ + "}\n";
  }

 private:
  const std::string& name(ValueId id) const { return n_.value(id).name; }

  std::string node(ValueId id, std::string_view what) const {
    const Value& value = n_.value(id);
    return dump::dot_node(value.name, fmt::format("{}\n{}{}", value.name, what, value.type ? "\n" + resnetc::to_string(*value.type) : ""));
  }

  void write(const std::vector<Node>& nodes) {
    for (const Node& n : nodes) {
      switch (n.kind) {
        case NodeKind::block:
        case NodeKind::stage:
          // Graphviz draws a frame round subgraphs of this name only.
          out_ +=
              fmt::format("  subgraph {} {{ label={};\n", dump::dot_string(fmt::format("cluster{}", clusters_++)),
                          dump::dot_string(n.label + (n.kind == NodeKind::block ? " (" + std::string(to_string(n.block_kind)) + ")" : "")));
          write(n.children);
          out_ += "  }\n";
          break;
        case NodeKind::layer: out_ += node(n.result, info(n.op).name) + dump::dot_edge(name(n.input), name(n.result)); break;
        case NodeKind::skip:
        case NodeKind::gate:
          write(n.children);
          out_ += node(n.result, n.kind == NodeKind::skip ? "skip" : "gate") + dump::dot_edge(name(n.input), name(n.result)) +
                  dump::dot_edge(name(n.list_result), name(n.result), "style=dashed");
          break;
      }
    }
  }

  const Network& n_;
  std::string out_;
  int clusters_ = 0;
};

}  // namespace

std::string to_dot(const Network& network) { return DotWriter(network).run(); }

}  // namespace resnetc::topology
