/// \file The text form of topologies. A node applies to the value before its place in the text, so only edges name more operands.
#include <fmt/format.h>

#include <algorithm>

#include "ir/forms/json_parts.h"
#include "ir/forms/text_fields.h"
#include "ir/forms/text_forms.h"
#include "ir/forms/topology_parts.h"
#include "ir/topology.h"
#include "ir/topology_summary.h"

namespace resnetc::topology {

std::string_view to_string(BlockKind kind) {
  switch (kind) {
    case BlockKind::plain: return "plain";
    case BlockKind::identity: return "identity";
    case BlockKind::conv: return "conv";
  }
  return "?";
}

namespace {

class Printer {
 public:
  Printer(const Network& network, const Sources& sources) : n_(network), sources_(sources) {}

  std::string run() {
    out_ = fmt::format("topology {}{} {{\n", text::quoted(n_.name), at(n_.at));
    for (const Parameter& p : n_.parameters) out_ += fmt::format("  param {} = {}\n", text::quoted(p.name), p.value);
    out_ += fmt::format("  input {} as {} : {}{}{}{}\n", name(n_.input.value), text::quoted(n_.input.name),
                        resnetc::to_string(n_.input.buffer.type), text::input_details(n_.input.buffer), at(n_.input.at),
                        made(n_.input.value, n_.input.at));
    print_list(n_.body, 1);
    for (const Output& output : n_.outputs) {
      out_ += fmt::format("  output {} {}{}\n", text::quoted(output.name), name(output.value), at(output.at));
    }
    return out_ + "}\n";
  }

  Excerpts each() {
    collect(n_.body);
    return std::move(excerpts_);
  }

  std::string run(const ValueNames& names) {
    print_some(n_.body, names);
    return out_;
  }

 private:
  std::string at(Location where) const { return text::location(where, sources_); }
  std::string name(ValueId id) const { return text::value_name(n_.value(id).name); }
  std::string type(ValueId id) const { return n_.value(id).type ? resnetc::to_string(*n_.value(id).type) : "?"; }
  /// The value's place, if it differs from its node's place.
  std::string made(ValueId id, Location node) const {
    const Location value = n_.value(id).at;
    if (value == node) return {};
    return value.known() ? " value" + at(value) : " value unknown";
  }

  void print_list(const std::vector<Node>& nodes, int depth) {
    for (const Node& node : nodes) print_node(node, depth);
  }

  void collect(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      collect(node.children);
      if (!makes_value(node.kind)) continue;
      out_.clear();
      print_node(node, 1);
      excerpts_.emplace(n_.value(node.result).name, out_);
    }
  }

  bool makes_all(const Node& node, const ValueNames& names) const {
    return (!makes_value(node.kind) || names.contains(n_.value(node.result).name)) &&
           std::all_of(node.children.begin(), node.children.end(), [&](const Node& child) { return makes_all(child, names); });
  }

  void print_some(const std::vector<Node>& nodes, const ValueNames& names) {
    for (const Node& node : nodes) {
      // An edge is incomplete without its list. An empty block makes no value that could be wanted.
      if ((is_edge(node.kind) && names.contains(n_.value(node.result).name)) ||
          (makes_all(node, names) && (!node.children.empty() || makes_value(node.kind)))) {
        print_node(node, 1);
      } else {
        print_some(node.children, names);
      }
    }
  }

  void print_children(const Node& node, int depth) {
    out_ += " {\n";
    print_list(node.children, depth + 1);
    out_ += std::string(static_cast<size_t>(depth) * 2, ' ') + "}";
  }

  void print_node(const Node& node, int depth) {
    out_ += std::string(static_cast<size_t>(depth) * 2, ' ');
    switch (node.kind) {
      case NodeKind::layer:
        out_ += fmt::format("{} = {}({}){}", name(node.result), info(node.op).name, name(node.input), text::attributes(node.attributes));
        if (!node.weights.empty()) out_ += " weights=" + text::quoted(node.weights);
        break;
      case NodeKind::skip:
      case NodeKind::concat:
        out_ += fmt::format("{} = {}({}, {}) as {}{}", name(node.result), words(node), name(node.input), name(node.from),
                            text::quoted(node.from_name), at(node.from_at));
        break;
      case NodeKind::gate: out_ += fmt::format("{} = gate({})", name(node.result), name(node.input)); break;
      case NodeKind::from:
        out_ += fmt::format("from {}{} as {}{}", name(node.from), at(node.at), text::quoted(node.from_name), at(node.from_at));
        break;
      case NodeKind::block:
        out_ += fmt::format("block {} {} {}{}", text::quoted(node.label), to_string(node.block_kind), text::quoted(node.definition),
                            at(node.at));
        break;
      case NodeKind::stage: out_ += fmt::format("stage {}{}", text::quoted(node.label), at(node.at)); break;
    }
    if (node.kind == NodeKind::block || node.kind == NodeKind::stage) {
      print_children(node, depth);
    } else if (makes_value(node.kind)) {
      if (!node.children.empty() || !node.label.empty()) {
        out_ += " via" + (node.label.empty() ? "" : " " + text::quoted(node.label));
        print_children(node, depth);
      }
      out_ += fmt::format(" : {}{}{}", type(node.result), at(node.at), made(node.result, node.at));
    }
    out_ += "\n";
  }

  const Network& n_;
  const Sources& sources_;
  std::string out_;
  Excerpts excerpts_;
};

class Parser {
 public:
  Parser(FileId file, Diagnostics& diagnostics) : r_(file, diagnostics) {}

  std::optional<Network> run() {
    r_.expect("topology");
    n_.name = r_.string();
    n_.at = r_.location();
    r_.expect("{");
    while (r_.accept("param")) {
      Parameter p;
      p.name = r_.string();
      r_.expect("=");
      p.value = r_.integer();
      n_.parameters.push_back(std::move(p));
    }
    read_input();
    ValueId current = n_.input.value;
    n_.body = read_list(current, 0);
    while (r_.accept("output")) {
      Output output;
      r_.mark(Finding::Part::output, r_.offset());
      output.name = r_.string();
      output.value = r_.value(names_);
      output.at = r_.location();
      n_.outputs.push_back(std::move(output));
    }
    r_.expect("}");
    if (!r_.finish() || !r_.report(verify(n_))) return std::nullopt;
    return std::move(n_);
  }

 private:
  struct NewName {
    std::string name;
    size_t offset = 0;
  };
  NewName new_name() {
    const size_t start = r_.offset();
    return {r_.value_name(), start};
  }

  /// Reads the value's type and place, which end its line. The name can be used after that.
  ValueId read_value(NewName name, std::optional<TensorType> type, Location node) {
    Value value;
    value.type = type;
    value.at = node;
    if (r_.accept("value")) value.at = r_.accept("unknown") ? Location{} : r_.location();
    const auto id = static_cast<ValueId>(n_.values.size());
    if (!r_.failed() && !names_.emplace(name.name, id).second) {
      r_.fail_at(name.offset, fmt::format("{} is defined twice", text::value_name(name.name)));
    }
    value.name = std::move(name.name);
    r_.mark(Finding::Part::value, name.offset);
    n_.values.push_back(std::move(value));
    return id;
  }

  std::optional<TensorType> read_type() {
    r_.expect(":");
    if (r_.accept("?")) return std::nullopt;
    return r_.type();
  }

  void read_input() {
    r_.expect("input");
    NewName name = new_name();
    r_.expect("as");
    n_.input.name = r_.string();
    r_.expect(":");
    n_.input.buffer = r_.input();
    n_.input.at = r_.location();
    n_.input.value = read_value(std::move(name), value_type(n_.input.buffer), n_.input.at);
  }

  /// Reads nodes up to a closing brace or an output. `current` is the value before them at first, and the value after them at the end.
  std::vector<Node> read_list(ValueId& current, int depth) {
    std::vector<Node> nodes;
    if (depth > max_nesting) r_.fail("nested too deeply");
    while (r_.peek("%") || r_.peek("from") || r_.peek("block") || r_.peek("stage")) {
      nodes.push_back(read_node(current, depth));
      current = nodes.back().result;
    }
    return nodes;
  }

  void read_children(Node& node, ValueId& current, int depth) {
    r_.expect("{");
    node.children = read_list(current, depth + 1);
    r_.expect("}");
  }

  Node read_node(ValueId current, int depth) {
    Node node;
    node.input = current;
    node.result = current;
    if (r_.peek("%")) {
      read_named(node, depth);
      return node;
    }
    if (r_.accept("from")) {
      node.kind = NodeKind::from;
      node.result = node.from = r_.value(names_);
      node.at = r_.location();
      read_source(node);
      return node;
    }
    if (r_.accept("stage")) {
      node.kind = NodeKind::stage;
      node.label = r_.string();
    } else {
      r_.expect("block");
      node.kind = NodeKind::block;
      node.label = r_.string();
      node.block_kind = read_block_kind();
      node.definition = r_.string();
    }
    node.at = r_.location();
    read_children(node, node.result, depth);
    return node;
  }

  BlockKind read_block_kind() { return read_one_of(r_, json_form::one_of<BlockKind>("kind of block")).value_or(BlockKind::plain); }

  /// Reads a node's first operand, its input. It is written for human readers and must be the current value.
  void read_operand(ValueId current) {
    r_.expect("(");
    const size_t start = r_.offset();
    if (r_.value(names_) != current && !r_.failed()) r_.fail_at(start, "this is not the value that stands here");
  }

  /// Reads how the network's text names the value that an edge starts at, or that is gone back to.
  void read_source(Node& node) {
    r_.expect("as");
    node.from_name = r_.string();
    node.from_at = r_.location();
  }

  void read_named(Node& node, int depth) {
    NewName name = new_name();
    r_.expect("=");
    const bool skip = r_.accept("skip");
    if (skip || r_.accept("concat")) {
      node.kind = skip ? NodeKind::skip : NodeKind::concat;
      node.spread = r_.accept("spread");
      read_operand(node.input);
      r_.expect(",");
      node.from = r_.value(names_);
      r_.expect(")");
      read_source(node);
      read_via(node, node.from, depth);
    } else if (r_.accept("gate")) {
      node.kind = NodeKind::gate;
      read_operand(node.input);
      r_.expect(")");
      read_via(node, node.input, depth);
    } else {
      const std::optional<OpKind> op = read_one_of(r_, json_form::layers(), {"skip", "concat", "gate"});
      if (!op) return;
      node.op = *op;
      read_operand(node.input);
      r_.expect(")");
      node.attributes = r_.attributes();
      if (r_.accept("weights")) {
        r_.expect("=");
        node.weights = r_.string();
      }
    }
    const std::optional<TensorType> type = read_type();
    node.at = r_.location();
    node.result = read_value(std::move(name), type, node.at);
  }

  void read_via(Node& node, ValueId start, int depth) {
    node.list_result = start;
    if (!r_.accept("via")) return;
    if (!r_.peek("{")) node.label = r_.string();
    read_children(node, node.list_result, depth);
  }

  text::Reader r_;
  text::Names names_;
  Network n_;
};

}  // namespace

std::string print(const Network& network, const Sources& sources) { return Printer(network, sources).run(); }

std::string excerpt(const Network& network, const ValueNames& names, const Sources& sources) {
  return Printer(network, sources).run(names);
}

Excerpts excerpts(const Network& network, const Sources& sources) { return Printer(network, sources).each(); }

std::optional<Network> parse(FileId file, Diagnostics& diagnostics) { return Parser(file, diagnostics).run(); }

}  // namespace resnetc::topology
