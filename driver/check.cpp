/// \file `resnetc check`: every diagnostic, or a table of the layers.

#include <fmt/format.h>

#include <memory>

#include "driver/common.h"
#include "driver/table.h"
#include "passes/pipeline.h"

namespace resnetc::driver {
namespace {

std::string op_text(const topology::Node& node) {
  const OpInfo& op = info(node.op);
  const OpAttributes& a = node.attributes;
  std::string text(op.layer);
  if (op.window) {
    text += " " + to_string(a.kernel);
    if (a.stride != Extent2{1, 1}) text += fmt::format(" /{}", a.stride.h == a.stride.w ? std::to_string(a.stride.h) : to_string(a.stride));
    if (a.dilation != Extent2{1, 1}) text += fmt::format(" dilation {}", to_string(a.dilation));
    if (a.groups != 1) text += fmt::format(" groups {}", a.groups);
  }
  return text;
}

/// The rows of `check`, in execution order; blocks and stages are headings, what lies on an edge stands before it.
class LayerTable {
 public:
  explicit LayerTable(const topology::Network& network) : network_(network) {}

  std::string str() {
    add({network_.input.name, "input", shape(network_.input.value), "", "", ""}, 0);
    walk(network_.body, 0);
    table_.rule();
    table_.add(
        {"total", "", "", grouped(parameters_), grouped(multiply_adds_), fmt::format("{} skip edge{}", skips_, skips_ == 1 ? "" : "s")});
    return table_.str();
  }

 private:
  std::string shape(topology::ValueId id) const {
    const auto& type = network_.value(id).type;
    return type ? to_string(*type) : "?";
  }

  void add(std::vector<std::string> cells, size_t depth) {
    cells[0] = std::string(depth * 2, ' ') + cells[0];
    table_.add(std::move(cells));
  }

  void walk(const std::vector<topology::Node>& nodes, size_t depth) {
    for (const topology::Node& node : nodes) {
      switch (node.kind) {
        case topology::NodeKind::layer: layer(node, depth); break;
        case topology::NodeKind::skip: skip(node, depth); break;
        case topology::NodeKind::gate:
          add({network_.value(node.result).name, "gate", shape(node.result), "", "", ""}, depth);
          walk(node.children, depth + 1);
          break;
        case topology::NodeKind::stage:
          add({node.label, "stage", shape(node.result), "", "", ""}, depth);
          walk(node.children, depth + 1);
          break;
        case topology::NodeKind::block: {
          const char* kind = node.block_kind == topology::BlockKind::identity ? "identity block"
                             : node.block_kind == topology::BlockKind::conv   ? "conv block"
                                                                              : "plain block";
          add({node.label, kind, shape(node.result), "", "", ""}, depth);
          walk(node.children, depth + 1);
          break;
        }
      }
    }
  }

  void layer(const topology::Node& node, size_t depth) {
    const auto& from = network_.value(node.input).type;
    const auto& to = network_.value(node.result).type;
    int64_t parameters = 0;
    int64_t operations = 0;
    if (from && to) {
      for (const WeightSpec& spec : weight_specs(node.op, node.attributes, *from)) {
        if (!spec.suffix.starts_with("running_")) parameters += element_count(spec.shape);
      }
      operations = multiply_adds(node.op, node.attributes, *from, *to);
    }
    parameters_ += parameters;
    multiply_adds_ += operations;
    add({network_.value(node.result).name, op_text(node), shape(node.result), parameters != 0 ? grouped(parameters) : "",
         operations != 0 ? grouped(operations) : "", ""},
        depth);
  }

  void skip(const topology::Node& node, size_t depth) {
    ++skips_;
    walk(node.children, depth + 1);
    std::string edge = fmt::format("from {} = {}", node.from_name, network_.value(node.from).name);
    if (!node.children.empty()) edge += node.label.empty() ? " via a list" : " via " + node.label;
    add({network_.value(node.result).name, "skip", shape(node.result), "", "", edge}, depth);
  }

  const topology::Network& network_;
  Table table_{
      {{"name"}, {"layer"}, {"output"}, {"parameters", Table::Align::right}, {"multiply-adds", Table::Align::right}, {"skip edge"}}};
  int64_t parameters_ = 0;
  int64_t multiply_adds_ = 0;
  int skips_ = 0;
};

int check(const NetworkOptions& options, const Invocation& invocation) {
  Sources sources;
  Diagnostics diagnostics(sources);
  auto network = load(options, diagnostics);
  passes::PassContext context;
  context.diagnostics = &diagnostics;
  passes::AnyIr ir;
  if (network) {
    ir = *network;
    passes::run_pipeline(ir, passes::Level::topology, context);
  }
  int status = report(diagnostics, invocation);
  if (status == done && network) fmt::print("{}", LayerTable(std::get<topology::Network>(ir)).str());
  return status;
}

}  // namespace

void add_check(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("check", "print every diagnostic of a network, or a table of its layers");
  auto options = std::make_shared<NetworkOptions>();
  add_network_options(*command, *options);
  command->callback([&invocation, options] { invocation.action = [&invocation, options] { return check(*options, invocation); }; });
}

}  // namespace resnetc::driver
