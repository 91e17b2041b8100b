/// \file `resnetc check`: prints every diagnostic, those of a checkpoint included, or a table of the layers.

#include <fmt/format.h>

#include <memory>

#include "driver/checkpoint.h"
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

struct CheckOptions {
  NetworkOptions network;
  CheckpointOptions checkpoint;
};

int check(const CheckOptions& options, const Invocation& invocation) {
  Sources sources;
  Diagnostics diagnostics(sources);
  auto loaded = load_input(options.network, diagnostics);
  passes::PipelineContext context;
  context.diagnostics = &diagnostics;
  passes::AnyIr ir;
  if (loaded) {
    ir = std::move(loaded->ir);
    const bool good = passes::run_pipeline(ir, passes::Level::topology, context);
    if (good && has_weights(options.checkpoint, loaded->model)) {
      Diagnostics again(sources);  // separate, because the passes have run, and each mistake must be reported once
      const auto tensors = tensors_of(ir, again);
      if (!tensors) return report(again, invocation);
      open_weights(options.checkpoint, options.network, loaded->model, *tensors, true, diagnostics);
    }
  }
  int status = report(diagnostics, invocation);
  if (status == done && loaded) fmt::print("{}", LayerTable(std::get<topology::Network>(ir)).str());
  return status;
}

}  // namespace

void add_check(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("check", "print every diagnostic of a network, or a table of its layers");
  auto options = std::make_shared<CheckOptions>();
  add_input_options(command, options->network);
  add_checkpoint_options(command, options->checkpoint, "a checkpoint that must have the network's tensors");
  command.callback([&invocation, options] { invocation.action = [&invocation, options] { return check(*options, invocation); }; });
}

}  // namespace resnetc::driver
