/// \file From a network to its programs, with whatever the user wants to see on the way: the part that compile, dump and verify share.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codegen/safetensors.h"
#include "ir/graph.h"
#include "ir/program.h"
#include "ir/tuning.h"
#include "passes/pipeline.h"

namespace resnetc::driver {

struct LoweringOptions {
  std::vector<const Target*> targets;             ///< best first; none: the graph is where it ends
  const WeightSource* weights = nullptr;          ///< null: weights are unknown
  int64_t winograd_tile = largest_winograd_tile;  ///< as PassContext's
  /// Sees the IR after each pass; `target` is null up to the graph.
  std::function<void(const passes::PassInfo&, const passes::AnyIr&, bool changed, const Target* target)> after_pass;
  const program::Tuning* tuned = nullptr;  ///< measured schedules, for the target that they name
  int64_t batch = 32;                      ///< as PassContext's
  std::vector<std::string> disabled;       ///< as PassContext's
  bool weights_limited = true;             ///< whether these may not make the packed weights too large
};

struct Lowered {
  passes::Level from = passes::Level::topology;  ///< of what was lowered: levels above it are empty
  topology::Network topology;                    ///< after the topology's passes
  graph::Graph graph;                            ///< after the graph's
  std::vector<program::Program> programs;
  std::vector<passes::Remark> remarks;
  std::vector<passes::PassTime> times;
  bool depends_on_values = false;

  /// The first level that there is.
  passes::AnyIr read() const;
};

/// Runs all passes from the level of `ir` on; nothing if they report errors. A program is for the one target, and only its memory is
/// planned, if it is not.
std::optional<Lowered> lower(passes::AnyIr ir, const LoweringOptions& options, Diagnostics& diagnostics);

/// Runs the passes from the level of `ir` on until `pass` has run, for the first of the targets; nothing if they report errors.
std::optional<passes::AnyIr> lower_until(std::string_view pass, passes::AnyIr ir, const LoweringOptions& options, Diagnostics& diagnostics);
/// Why `pass`, which `option` names, does not run on an IR of `level`: there is no such pass, or it reads what comes before, or it is
/// disabled, or the pipeline ends before it, after `last`. Empty if it runs.
std::string pass_fault(std::string_view option, std::string_view pass, passes::Level level, const std::vector<std::string>& disabled,
                       std::string_view last = "");

/// The graph as lower-to-graph leaves it, weights unknown: what was written and nothing else.
std::optional<graph::Graph> plain_graph(const topology::Network& network, Diagnostics& diagnostics);

/// The option --disable-pass, whose names are checked on the command line.
void add_disable_pass(CLI::App& command, std::vector<std::string>& passes);

}  // namespace resnetc::driver
