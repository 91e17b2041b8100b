/// \file The text form of graphs.
#include <fmt/format.h>

#include "ir/forms/graph_parts.h"
#include "ir/forms/json_parts.h"
#include "ir/forms/text_fields.h"
#include "ir/forms/text_forms.h"
#include "ir/graph.h"

namespace resnetc::graph {

std::vector<std::string_view> constant_names(OpKind kind) {
  std::vector<std::string_view> names(info(kind).constants.begin(), info(kind).constants.end());
  if (is_step(kind) || info(kind).weights_step) return names;
  // The names of the checkpoint's tensors. An optional bias is a step of the epilogue.
  for (const WeightSpec& weight : weight_specs(kind, {}, TensorType::vector(1))) names.push_back(weight.suffix);
  return names;
}

namespace {

void print_constant(std::string& out, std::string_view name, const RecipePtr& recipe) {
  if (recipe) out += fmt::format("    {} = {}\n", name, to_string(*recipe));
}

void print_op(std::string& out, const Graph& graph, const Op& op, const Sources& sources) {
  if (op.kind == OpKind::input) {
    out += fmt::format("  input {} : {}{}{}\n", text::value_name(op.name), to_string(graph.input.type), text::input_details(graph.input),
                       text::location(op.at, sources));
    return;
  }
  const auto name_of = [&](ValueId id) { return text::value_name(graph.op(id).name); };
  out += fmt::format("  {} = {}(", text::value_name(op.name), info(op.kind).name);
  for (size_t i = 0; i < op.operands.size(); ++i) out += (i == 0 ? "" : ", ") + name_of(op.operands[i]);
  out += ")" + text::attributes(op.attributes);
  for (size_t i = 0; i < op.epilogue.size(); ++i) {
    const Step& step = op.epilogue[i];
    out += i == 0 ? " then " : ", ";
    out += info(step.kind).name;
    if (step.operand != no_value) out += fmt::format("({})", name_of(step.operand));
  }
  out += fmt::format(" : {}{}\n", to_string(op.type), text::location(op.at, sources));
  const std::vector<std::string_view> names = constant_names(op.kind);
  for (size_t i = 0; i < op.constants.size() && i < names.size(); ++i) print_constant(out, names[i], op.constants[i]);
  for (const Step& step : op.epilogue) {
    for (size_t i = 0; i < step.constants.size(); ++i) print_constant(out, info(step.kind).constants[i], step.constants[i]);
  }
}

class Parser {
 public:
  Parser(FileId file, Diagnostics& diagnostics) : r_(file, diagnostics) {}

  std::optional<Graph> run() {
    r_.expect("graph");
    graph_.name = r_.string();
    r_.expect("{");
    read_input();
    while (r_.peek("%")) read_op();
    while (r_.peek("output")) read_output();
    r_.expect("}");
    if (!r_.finish() || !r_.report(verify(graph_))) return std::nullopt;
    return std::move(graph_);
  }

 private:
  void read_input() {
    r_.expect("input");
    Op op;
    r_.mark(Finding::Part::value, r_.offset());
    op.name = r_.new_value(names_, 0);
    op.kind = OpKind::input;
    r_.expect(":");
    graph_.input = r_.input();
    op.type = value_type(graph_.input);
    op.at = r_.location();
    graph_.ops.push_back(std::move(op));
  }

  RecipePtr read_constant(std::string_view name) {
    r_.expect(name);
    r_.expect("=");
    return r_.recipe();
  }

  void read_step(Op& op) {
    const std::optional<StepKind> kind = read_one_of(r_, json_form::steps());
    if (!kind) return;
    Step& step = op.epilogue.emplace_back();
    step.kind = *kind;
    if (!info(*kind).joins()) return;
    r_.expect("(");
    step.operand = r_.value(names_);
    r_.expect(")");
  }

  void read_op() {
    // The text starts with the name, but the name stands for a value only after the operation's own operands.
    const size_t name_at = r_.offset();
    std::string name = r_.value_name();
    r_.expect("=");
    const std::optional<OpKind> kind = read_one_of(r_, json_form::graph_operations());
    if (!kind) return;
    Op op;
    op.kind = *kind;
    r_.expect("(");
    if (!r_.peek(")")) {
      do {
        op.operands.push_back(r_.value(names_));
      } while (r_.accept(","));
    }
    r_.expect(")");
    op.attributes = r_.attributes();
    if (r_.accept("then")) {
      do {
        read_step(op);
      } while (r_.accept(","));
    }
    r_.expect(":");
    op.type = r_.type();
    op.at = r_.location();
    for (std::string_view constant : constant_names(op.kind)) op.constants.push_back(read_constant(constant));
    for (Step& step : op.epilogue) {
      for (std::string_view constant : info(step.kind).constants) step.constants.push_back(read_constant(constant));
    }
    if (r_.failed()) return;
    op.name = std::move(name);
    if (!names_.emplace(op.name, static_cast<ValueId>(graph_.ops.size())).second) {
      r_.fail_at(name_at, fmt::format("{} is defined twice", text::value_name(op.name)));
    }
    r_.mark(Finding::Part::value, name_at);
    graph_.ops.push_back(std::move(op));
  }

  void read_output() {
    r_.expect("output");
    r_.mark(Finding::Part::output, r_.offset());
    Output output;
    output.name = r_.string();
    output.value = r_.value(names_);
    output.at = r_.location();
    graph_.outputs.push_back(std::move(output));
  }

  text::Reader r_;
  text::Names names_;
  Graph graph_;
};

}  // namespace

std::string print(const Graph& graph, const Sources& sources) {
  std::string out = fmt::format("graph {} {{\n", text::quoted(graph.name));
  for (const Op& op : graph.ops) print_op(out, graph, op, sources);
  for (const Output& output : graph.outputs) {
    out += fmt::format("  output {} {}{}\n", text::quoted(output.name), text::value_name(graph.op(output.value).name),
                       text::location(output.at, sources));
  }
  return out + "}\n";
}

std::string excerpt(const Graph& graph, const ValueNames& names, const Sources& sources) {
  std::string out;
  for (const Op& op : graph.ops) {
    if (names.contains(op.name)) print_op(out, graph, op, sources);
  }
  return out;
}

Excerpts excerpts(const Graph& graph, const Sources& sources) {
  Excerpts each;
  for (const Op& op : graph.ops) print_op(each[op.name], graph, op, sources);
  return each;
}

std::optional<Graph> parse(FileId file, Diagnostics& diagnostics) { return Parser(file, diagnostics).run(); }

}  // namespace resnetc::graph
