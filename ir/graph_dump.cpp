/// \file Graphviz and JSON forms of graphs.
#include <fmt/format.h>

#include "ir/dump.h"
#include "ir/graph.h"
#include "ir/graph_parts.h"

namespace resnetc::graph {

namespace json = llvm::json;

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

std::string to_json(const Graph& graph, const Sources& sources) {
  const auto name_of = [&](ValueId id) { return dump::string(graph.op(id).name); };
  json::Array ops;
  for (const Op& op : graph.ops) {
    json::Array operands, steps;
    json::Object constants;
    for (ValueId id : op.operands) operands.push_back(name_of(id));
    const std::vector<std::string_view> names = constant_names(op.kind);
    for (size_t i = 0; i < op.constants.size() && i < names.size(); ++i) {
      constants[std::string(names[i])] = dump::string(resnetc::to_string(*op.constants[i]));
    }
    for (const Step& step : op.epilogue) {
      json::Object s{{"kind", dump::string(to_string(step.kind))}};
      if (step.operand != no_value) s["operand"] = name_of(step.operand);
      for (size_t i = 0; i < step.constants.size(); ++i) {
        s[std::string(info(step.kind).constants[i])] = dump::string(resnetc::to_string(*step.constants[i]));
      }
      steps.push_back(std::move(s));
    }
    ops.push_back(json::Object{{"name", dump::string(op.name)},
                               {"op", dump::string(info(op.kind).name)},
                               {"operands", std::move(operands)},
                               {"attributes", dump::attributes(op.attributes)},
                               {"constants", std::move(constants)},
                               {"then", std::move(steps)},
                               {"type", dump::type(op.type)},
                               {"at", dump::location(op.at, sources)}});
  }
  json::Array outputs;
  for (const Output& output : graph.outputs) {
    outputs.push_back(
        json::Object{{"name", dump::string(output.name)}, {"value", name_of(output.value)}, {"at", dump::location(output.at, sources)}});
  }
  return dump::text(json::Object{{"level", "graph"},
                                 {"name", dump::string(graph.name)},
                                 {"input", dump::input(graph.input.format, graph.input.mean, graph.input.std)},
                                 {"ops", std::move(ops)},
                                 {"outputs", std::move(outputs)}});
}

}  // namespace resnetc::graph
