/// \file The JSON form of graphs.
#include <fmt/format.h>

#include "ir/forms/graph_parts.h"
#include "ir/forms/json_parts.h"
#include "ir/graph.h"

namespace resnetc::graph {

namespace {

namespace form = json_form;

constexpr std::string_view place_of_layer = "where the network's text has the layer: file, line, column and length";
constexpr std::string_view recipe_meaning = "how it comes from the checkpoint's tensors";

class Form {
 public:
  Form(form::Archive& archive, const Sources& sources, Graph& graph) : a_(archive), place_{&sources}, graph_(graph) {
    for (const Op& op : graph.ops) names_.define(op.name);
  }

  void describe() {
    // The input is the first operation, but it has different fields.
    Op first;
    std::vector<Op> rest;
    if (!graph_.ops.empty()) {
      first = std::move(graph_.ops[0]);
      rest.assign(std::make_move_iterator(graph_.ops.begin() + 1), std::make_move_iterator(graph_.ops.end()));
    }
    a_.level("graph");
    a_.field("name", graph_.name, form::Text{}, "the network's name, a C identifier");
    a_.field("input", first, form::Object("input", [this](Op& op) { input(op); }), "the network's one input");
    a_.field("ops", rest, form::List(form::Object("op", [this](Op& o) { op(o); })), "the operations, in execution order");
    a_.field("outputs", graph_.outputs, form::List(form::Object("output", [this](Output& o) { output(o); })), "the outputs, at least one");
    if (a_.reads()) {
      first.kind = OpKind::input;
      graph_.ops = std::move(rest);
      graph_.ops.insert(graph_.ops.begin(), std::move(first));
    }
  }

 private:
  void input(Op& op) {
    a_.field("name", op.name, form::Text{}, "the input's name, and that of its value");
    form::buffer_fields(a_, graph_.input);
    if (a_.reads()) op.type = value_type(graph_.input);
    a_.optional("at", op.at, Location{}, place_, place_of_layer);
    define(op);
  }

  void op(Op& op) {
    a_.field("name", op.name, form::Text{}, "the name of the value that it makes");
    a_.choice("op", op.kind, form::graph_operations(), "the operation", [&] {
      a_.field("operands", op.operands, form::Row(form::Reference{&names_}), "the values that it reads, without those of its epilogue");
      a_.optional("attributes", op.attributes, OpAttributes{}, form::attributes_of(a_), form::attributes_meaning);
      constants(op);
      a_.optional("then", op.epilogue, form::Nothing{}, form::List(form::Object("step", [this](Step& s) { step(s); })),
                  "the epilogue: what is done to each element before it is stored, in order");
    });
    a_.field("type", op.type, form::Type{}, "the type of its result, N the batch");
    a_.optional("at", op.at, Location{}, place_, place_of_layer);
    define(op);
  }

  void constants(Op& op) {
    const std::vector<std::string_view> names = constant_names(op.kind);
    if (names.empty()) return;
    op.constants.resize(names.size());
    a_.field("constants", op.constants,
             form::Object(fmt::format("{}_constants", info(op.kind).name),
                          [&](std::vector<RecipePtr>& values) {
                            for (size_t i = 0; i < names.size(); ++i) a_.field(names[i], values[i], form::RecipeText{}, recipe_meaning);
                          }),
             "the operation's own constants");
  }

  void step(Step& step) {
    a_.choice("step", step.kind, form::steps(), "what the step does", [&] {
      const OpInfo& wanted = info(step.kind);
      if (wanted.joins()) a_.field("operand", step.operand, form::Reference{&names_}, "the other value that it reads");
      step.constants.resize(wanted.constants.size());
      for (size_t i = 0; i < wanted.constants.size(); ++i) {
        a_.field(wanted.constants[i], step.constants[i], form::RecipeText{}, recipe_meaning);
      }
    });
  }

  void output(Output& o) {
    if (form::Reader* reader = a_.reader()) reader->mark(Finding::Part::output);
    a_.field("name", o.name, form::Text{}, "the output's name in the library's interface");
    a_.field("value", o.value, form::Reference{&names_}, "the value that is put out");
    a_.optional("at", o.at, Location{}, place_, "where the network's text has the output");
  }

  /// Defines the operation's name. Later fields can refer to it.
  void define(const Op& op) {
    if (form::Reader* reader = a_.reader()) {
      reader->mark(Finding::Part::value);
      if (!names_.define(op.name)) reader->fail_at("name", fmt::format("'{}' is defined twice", text::shown(op.name)));
    }
  }

  form::Archive& a_;
  form::Place place_;
  Graph& graph_;
  form::Names names_;
};

}  // namespace

std::string to_json(const Graph& graph, const Sources& sources) {
  Graph described = graph;
  form::Writer writer;
  return writer.text([&] { Form(writer, sources, described).describe(); });
}

std::optional<Graph> parse_json(FileId file, Diagnostics& diagnostics) {
  Graph graph;
  form::Reader reader(file, diagnostics);
  reader.text([&] { Form(reader, diagnostics.sources(), graph).describe(); });
  if (!reader.finish([&] { return verify(graph); })) return std::nullopt;
  return graph;
}

std::string json_schema() {
  Graph graph;
  form::Schema schema;
  return schema.text("graph", "A network's tensor operations in SSA form, in execution order: the second of resnetc's IRs",
                     [&] { Form(schema, Sources(), graph).describe(); });
}

}  // namespace resnetc::graph
