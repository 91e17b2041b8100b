/// \file Graphviz and JSON forms of topologies.
#include <fmt/format.h>

#include "ir/dump.h"
#include "ir/topology.h"
#include "ir/topology_parts.h"

namespace resnetc::topology {

namespace {

namespace json = llvm::json;

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

class JsonWriter {
 public:
  JsonWriter(const Network& network, const Sources& sources) : n_(network), sources_(sources) {}

  std::string run() {
    json::Array parameters, outputs;
    for (const Parameter& p : n_.parameters) parameters.push_back(json::Object{{"name", dump::string(p.name)}, {"value", p.value}});
    for (const Output& output : n_.outputs) {
      outputs.push_back(
          json::Object{{"name", dump::string(output.name)}, {"value", name(output.value)}, {"at", dump::location(output.at, sources_)}});
    }
    json::Object input = dump::input(n_.input.format, n_.input.mean, n_.input.std);
    input["name"] = dump::string(n_.input.name);
    input["value"] = name(n_.input.value);
    input["type"] = type(n_.input.value);
    input["at"] = dump::location(n_.input.at, sources_);
    return dump::text(json::Object{{"level", "topology"},
                                   {"name", dump::string(n_.name)},
                                   {"parameters", std::move(parameters)},
                                   {"input", std::move(input)},
                                   {"body", list(n_.body)},
                                   {"outputs", std::move(outputs)},
                                   {"at", dump::location(n_.at, sources_)}});
  }

 private:
  json::Value name(ValueId id) const { return dump::string(n_.value(id).name); }
  json::Value type(ValueId id) const { return n_.value(id).type ? dump::type(*n_.value(id).type) : json::Value(nullptr); }

  json::Array list(const std::vector<Node>& nodes) const {
    json::Array out;
    for (const Node& node : nodes) out.push_back(object(node));
    return out;
  }

  json::Object object(const Node& node) const {
    json::Object out{{"at", dump::location(node.at, sources_)}, {"input", name(node.input)}, {"result", name(node.result)}};
    if (!node.label.empty()) out["label"] = dump::string(node.label);
    if (node.kind != NodeKind::layer) out["children"] = list(node.children);
    if (node.kind != NodeKind::block && node.kind != NodeKind::stage) out["type"] = type(node.result);
    switch (node.kind) {
      case NodeKind::layer:
        out["kind"] = "layer";
        out["op"] = dump::string(info(node.op).name);
        out["attributes"] = dump::attributes(node.attributes);
        if (!node.weights.empty()) out["weights"] = dump::string(node.weights);
        break;
      case NodeKind::skip:
        out["kind"] = "skip";
        out["from"] = name(node.from);
        out["from_name"] = dump::string(node.from_name);
        out["from_at"] = dump::location(node.from_at, sources_);
        break;
      case NodeKind::gate: out["kind"] = "gate"; break;
      case NodeKind::block:
        out["kind"] = "block";
        out["block_kind"] = dump::string(to_string(node.block_kind));
        out["definition"] = dump::string(node.definition);
        break;
      case NodeKind::stage: out["kind"] = "stage"; break;
    }
    return out;
  }

  const Network& n_;
  const Sources& sources_;
};

}  // namespace

std::string to_dot(const Network& network) { return DotWriter(network).run(); }

std::string to_json(const Network& network, const Sources& sources) { return JsonWriter(network, sources).run(); }

}  // namespace resnetc::topology
