/// \file The Graphviz form of graphs.
#include <fmt/format.h>

#include "ir/dump.h"
#include "ir/graph.h"

namespace resnetc::graph {

std::string to_dot(const Graph& graph) {
  std::string out = dump::dot_begin(graph.name);
  for (const Op& op : graph.ops) {
    std::string label = fmt::format("{}\n{}", op.name, info(op.kind).name);
    for (const Step& step : op.epilogue) label += fmt::format(", {}", to_string(step.kind));
    out += dump::dot_node(op.name, label + "\n" + to_string(op.type));
    for (ValueId id : op.operands) out += dump::dot_edge(graph.op(id).name, op.name);
    for (const Step& step : op.epilogue) {
      if (step.operand != no_value) out += dump::dot_edge(graph.op(step.operand).name, op.name, "style=dashed");
    }
  }
  for (const Output& output : graph.outputs) {
    const std::string id = "output " + output.name;
    out += dump::dot_node(id, output.name, "shape=oval") + dump::dot_edge(graph.op(output.value).name, id);
  }
  return out + "}\n";
}

}  // namespace resnetc::graph
