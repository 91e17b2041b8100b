/// \file `resnetc check`: prints every diagnostic, or a table of the layers.

#include <fmt/format.h>

#include <memory>

#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/network_input.h"
#include "driver/table.h"
#include "ir/topology_summary.h"
#include "passes/pipeline.h"

namespace resnetc::driver {
namespace {

/// The rows of `check`, in execution order. Blocks and stages are headings, and the layers of an edge come before the edge.
class LayerTable {
 public:
  explicit LayerTable(const topology::Network& network) : network_(network) {}

  std::string str() {
    add({network_.input.name, "input", shape(network_.input.value), "", "", ""}, 0);
    walk(network_.body, 0);
    table_.rule();
    std::string edges;
    if (skips_ != 0 || concats_ == 0) edges = fmt::format("{} {}", skips_, plural(skips_, "skip edge"));
    if (concats_ != 0) edges += fmt::format("{}{} {}", edges.empty() ? "" : ", ", concats_, plural(concats_, "concat edge"));
    table_.add({"total", "", "", grouped(total_.parameters), grouped(total_.multiply_adds), edges});
    return table_.str();
  }

 private:
  std::string shape(topology::ValueId id) const { return topology::shape(network_, id); }

  void add(std::vector<std::string> cells, size_t depth) {
    cells[0] = std::string(depth * 2, ' ') + cells[0];
    table_.add(std::move(cells));
  }

  void walk(const std::vector<topology::Node>& nodes, size_t depth) {
    for (const topology::Node& node : nodes) {
      switch (node.kind) {
        case topology::NodeKind::layer: layer(node, depth); break;
        case topology::NodeKind::skip:
          ++skips_;
          edge(node, depth);
          break;
        case topology::NodeKind::concat:
          ++concats_;
          edge(node, depth);
          break;
        case topology::NodeKind::gate:
          add({network_.value(node.result).name, "gate", shape(node.result), "", "", ""}, depth);
          walk(node.children, depth + 1);
          break;
        case topology::NodeKind::from:
          add({network_.value(node.result).name, "from", shape(node.result), "", "", described_source(network_, node)}, depth);
          break;
        case topology::NodeKind::stage:
          add({node.label, "stage", shape(node.result), "", "", ""}, depth);
          walk(node.children, depth + 1);
          break;
        case topology::NodeKind::block:
          add({node.label, std::string(described(node.block_kind)), shape(node.result), "", "", ""}, depth);
          walk(node.children, depth + 1);
          break;
      }
    }
  }

  void layer(const topology::Node& node, size_t depth) {
    const topology::Cost cost = topology::cost(network_, node);
    total_ += cost;
    add({network_.value(node.result).name, described(network_, node), shape(node.result),
         cost.parameters != 0 ? grouped(cost.parameters) : "", cost.multiply_adds != 0 ? grouped(cost.multiply_adds) : "", ""},
        depth);
  }

  void edge(const topology::Node& node, size_t depth) {
    walk(node.children, depth + 1);
    add({network_.value(node.result).name, words(node), shape(node.result), "", "", described_source(network_, node)}, depth);
  }

  const topology::Network& network_;
  Table table_{{{"name"}, {"layer"}, {"output"}, {"parameters", Table::Align::right}, {"multiply-adds", Table::Align::right}, {"edge"}}};
  topology::Cost total_;
  int skips_ = 0, concats_ = 0;
};

int check(const NetworkOptions& options, const Invocation& invocation) {
  Sources sources;
  Diagnostics diagnostics(sources);
  auto loaded = load_input(options, diagnostics);
  passes::PipelineContext context;
  context.diagnostics = &diagnostics;
  passes::AnyIr ir;
  if (loaded) {
    ir = std::move(loaded->ir);
    passes::run_pipeline(ir, passes::Level::topology, context);
  }
  int status = report(diagnostics, invocation);
  if (status == done && loaded) fmt::print("{}", LayerTable(std::get<topology::Network>(ir)).str());
  return status;
}

}  // namespace

void add_check(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("check", "print every diagnostic of a network, or a table of its layers");
  auto options = std::make_shared<NetworkOptions>();
  add_input_options(command, *options);
  command.callback([&invocation, options] { invocation.action = [&invocation, options] { return check(*options, invocation); }; });
}

}  // namespace resnetc::driver
