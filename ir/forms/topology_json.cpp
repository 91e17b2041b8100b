/// \file The JSON form of topologies.
#include <fmt/format.h>

#include "ir/forms/json_parts.h"
#include "ir/forms/topology_parts.h"
#include "ir/topology.h"

namespace resnetc::topology {

namespace {

namespace form = json_form;

constexpr std::string_view place_of_node = "where the network's text has it: file, line, column and length";

form::OneOf<NodeKind> node_kinds() {
  return {"kind of node",
          {{NodeKind::layer, "layer"},
           {NodeKind::skip, "skip"},
           {NodeKind::concat, "concat"},
           {NodeKind::gate, "gate"},
           {NodeKind::from, "from"},
           {NodeKind::block, "block"},
           {NodeKind::stage, "stage"}}};
}

/// The layers on an edge.
struct Via {
  std::string label;
  std::vector<Node> body;
};

class Form {
  auto nodes() {
    return form::List(form::Object("node", [this](Node& n) { node(n); }));
  }

 public:
  Form(form::Archive& archive, const Sources& sources, Network& network)
      : a_(archive), place_{&sources}, place_or_unknown_{&sources, true}, n_(network) {
    for (const Value& value : network.values) names_.define(value.name);
  }

  void describe() {
    a_.level("topology");
    a_.field("name", n_.name, form::Text{}, "the network's name, a C identifier");
    a_.optional("at", n_.at, Location{}, place_, place_of_node);
    a_.optional("parameters", n_.parameters, form::Nothing{}, form::List(form::Object("parameter", [this](Parameter& p) { parameter(p); })),
                "the network's parameters and the values that they were given");
    a_.field("input", n_.input, form::Object("input", [this](Input& i) { input(i); }), "the network's one input");
    current_ = n_.input.value;
    a_.field("body", n_.body, nodes(), "the layers, edges, blocks and stages, in the order of the text");
    a_.field("outputs", n_.outputs, form::List(form::Object("output", [this](Output& o) { output(o); })), "the outputs, at least one");
  }

 private:
  void parameter(Parameter& p) {
    a_.field("name", p.name, form::Text{}, "the parameter's name");
    a_.field("value", p.value, form::Integer{}, "its value");
  }

  void output(Output& o) {
    if (form::Reader* reader = a_.reader()) reader->mark(Finding::Part::output);
    a_.field("name", o.name, form::Text{}, "the output's name in the library's interface");
    a_.field("value", o.value, form::Reference{&names_}, "the value that is put out");
    a_.optional("at", o.at, Location{}, place_, place_of_node);
  }

  void input(Input& i) {
    a_.field("name", i.name, form::Text{}, "the input's name in the library's interface");
    std::string value = name_of(i.value);
    a_.field("value", value, form::Text{}, "the value that it is");
    form::buffer_fields(a_, i.buffer);
    a_.optional("at", i.at, Location{}, place_, place_of_node);
    make(i.value, "value", value, value_type(i.buffer), i.at);
  }

  void node(Node& n) {
    if (form::Reader* reader = a_.reader()) {
      if (depth_++ > max_nesting) reader->fail_at("name", "nested too deeply");
      n.input = n.result = current_;
    }
    std::string name = n.kind == NodeKind::block || n.kind == NodeKind::stage ? n.label : name_of(n.result);
    a_.field("name", name, form::Text{},
             "of a layer or edge, the value that it makes; of 'from', the value that it goes back to; of a block or stage, its path");
    a_.choice("kind", n.kind, node_kinds(), "what the node is", [&] {
      if (makes_value(n.kind)) {
        maker(n, name);
      } else if (n.kind == NodeKind::from) {
        return_to(n, name);
      } else {
        group(n, name);
      }
    });
    if (a_.reads()) {
      --depth_;
      current_ = n.result;
    }
  }

  void group(Node& n, std::string& name) {
    if (n.kind == NodeKind::block) {
      a_.field("block_kind", n.block_kind, form::one_of<BlockKind>("kind of block"), "what the skip edges directly inside carry");
      a_.field("definition", n.definition, form::Text{}, "the name of the block that it is a copy of");
    }
    a_.optional("at", n.at, Location{}, place_, place_of_node);
    a_.field("body", n.children, nodes(), "the nodes inside");
    if (a_.reads()) {
      n.label = std::move(name);
      n.result = current_;
    }
  }

  void return_to(Node& n, const std::string& name) {
    source_of(n);
    a_.optional("at", n.at, Location{}, place_, place_of_node);
    if (form::Reader* reader = a_.reader()) {
      const std::optional<ValueId> found = names_.find(name);
      if (!found) return reader->fail_at("name", fmt::format("'{}' is not defined before its use", text::shown(name)));
      n.result = n.from = *found;
    }
  }

  /// How the network's text names the value that an edge starts at, or that is gone back to.
  void source_of(Node& n) {
    a_.field("from_name", n.from_name, form::Text{}, "that value as the network's text has it: `in` or a label");
    a_.optional("from_at", n.from_at, Location{}, place_, "where it is named");
  }

  /// The fields of a node that makes a value.
  void maker(Node& n, std::string& name) {
    switch (n.kind) {
      case NodeKind::skip:
      case NodeKind::concat:
        input_of(n);
        a_.field("from", n.from, form::Reference{&names_}, "the value that is added or appended, once carried over `via`");
        source_of(n);
        a_.optional("spread", n.spread, false, form::Flag{}, "whether it is spread over the current value (false where left out)");
        via(n, n.from);
        break;
      case NodeKind::gate:
        input_of(n);
        via(n, n.input);
        break;
      case NodeKind::layer:
      case NodeKind::from:
      case NodeKind::block:
      case NodeKind::stage:
        a_.field("op", n.op, form::layers(), "the operation");
        input_of(n);
        a_.optional("attributes", n.attributes, OpAttributes{}, form::attributes_of(a_), form::attributes_meaning);
        a_.optional("weights", n.weights, form::Nothing{}, form::Text{}, "what its tensors' names in the checkpoint begin with");
        break;
    }
    std::optional<TensorType> type = type_of(n.result);
    a_.optional("type", type, std::nullopt, form::Some(form::Type{}), "the value's type, N the batch; left out where it is not known yet");
    a_.optional("at", n.at, Location{}, place_, place_of_node);
    make(n.result, "name", name, type, n.at);
  }

  /// The node's input, which is written only for human readers.
  void input_of(Node& n) {
    ValueId written = n.input;
    a_.field("input", written, form::Reference{&names_}, "the current value, that of the node before: of an edge, what it changes");
    if (form::Reader* reader = a_.reader()) {
      if (written != n.input) reader->fail_at("input", "this is not the value that stands here");
    }
  }

  void via(Node& n, ValueId start) {
    std::optional<Via> list;
    if (!n.children.empty() || !n.label.empty()) list = Via{std::move(n.label), std::move(n.children)};
    const ValueId outside = std::exchange(current_, start);
    a_.optional("via", list, std::nullopt,
                form::Some(form::Object("via",
                                        [this](Via& v) {
                                          a_.optional("label", v.label, form::Nothing{}, form::Text{}, "its label");
                                          a_.field("body", v.body, nodes(), "the nodes that it goes through");
                                        })),
                "what an edge is carried over; left out where that is nothing");
    if (a_.reads()) {
      n.list_result = current_;
      if (list) n.label = std::move(list->label), n.children = std::move(list->body);
    }
    current_ = outside;
  }

  /// The value's type, its place if that differs from its node's, and its name in the field `key`. Later fields can refer to the name.
  void make(ValueId& id, std::string_view key, std::string& name, const std::optional<TensorType>& type, Location node) {
    std::optional<Location> own;
    if (a_.writes()) {
      if (n_.value(id).at != node) own = n_.value(id).at;
    }
    a_.optional("value_at", own, std::nullopt, form::Some(place_or_unknown_), "the value's own place, where it is not the node's");
    if (form::Reader* reader = a_.reader()) {
      id = static_cast<ValueId>(n_.values.size());
      if (!names_.define(name)) reader->fail_at(key, fmt::format("'{}' is defined twice", text::shown(name)));
      n_.values.push_back({std::move(name), type, own.value_or(node)});
      reader->mark(Finding::Part::value);
    }
  }

  std::string name_of(ValueId id) const {
    if (a_.writes()) return n_.value(id).name;
    return {};
  }
  std::optional<TensorType> type_of(ValueId id) const {
    if (a_.writes()) return n_.value(id).type;
    return std::nullopt;
  }

  form::Archive& a_;
  form::Place place_, place_or_unknown_;
  Network& n_;
  form::Names names_;
  ValueId current_ = no_value;  ///< while reading: value before the next node
  int depth_ = 0;
};

}  // namespace

std::string to_json(const Network& network, const Sources& sources) {
  Network described = network;
  form::Writer writer;
  return writer.text([&] { Form(writer, sources, described).describe(); });
}

std::optional<Network> parse_json(FileId file, Diagnostics& diagnostics) {
  Network network;
  form::Reader reader(file, diagnostics);
  reader.text([&] { Form(reader, diagnostics.sources(), network).describe(); });
  if (!reader.finish([&] { return verify(network); })) return std::nullopt;
  return network;
}

std::string json_schema() {
  Network network;
  form::Schema schema;
  return schema.text("topology",
                     "A network as it was written, with every name, parameter, repeat and if resolved: the first of resnetc's IRs",
                     [&] { Form(schema, Sources(), network).describe(); });
}

}  // namespace resnetc::topology
