/// \file Lowers a network to its programs, and shows the IR between passes: shared by compile, dump and verify.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codegen/weights/safetensors.h"
#include "driver/goals.h"
#include "driver/precision_options.h"
#include "ir/graph.h"
#include "ir/program.h"
#include "ir/tuning.h"
#include "passes/pipeline.h"

namespace resnetc::driver {

class Command;

struct LoweringOptions {
  std::vector<Goal> goals;                        ///< best target first; none: lowering ends with the graph
  const WeightSource* weights = nullptr;          ///< null: values of weights are unknown
  int64_t winograd_tile = largest_winograd_tile;  ///< as PassContext's
  passes::PassObserver after_pass;                ///< as PipelineContext's; its target is null up to the graph
  const program::Tuning* tuned = nullptr;         ///< measured schedules, for the target that they name
  int64_t batch = 32;                             ///< as PassContext's
  std::vector<std::string> disabled;              ///< as PipelineContext's
  Precision precision;                            ///< as PassContext's
  bool weights_limited = true;                    ///< whether tuned schedules must keep the packed weights within their limit
};

/// The passes that make one kernel of several operations. Without them every value can be seen.
inline const std::vector<std::string> fusing_passes = {"fuse-shortcuts", "fuse-projections", "fuse-pools"};

struct Lowered {
  passes::Level from = passes::Level::topology;  ///< the level that was read; levels above it are empty
  topology::Network topology;                    ///< after the topology's passes
  graph::Graph graph;                            ///< after the graph's
  std::vector<program::Program> programs;
  std::vector<passes::Remark> remarks;
  std::vector<passes::PassTime> times;
  bool depends_on_values = false;

  /// The IR of the first level that is not empty.
  passes::AnyIr read() const;
};

/// Runs all passes from the level of `ir` on; nothing if they report errors. If `ir` is a program, there is one goal, and memory is
/// planned if it is not planned yet.
std::optional<Lowered> lower(passes::AnyIr ir, const LoweringOptions& options, Diagnostics& diagnostics);

/// Runs the passes from the level of `ir` on until `pass` has run, for the first of the goals; nothing if they report errors.
std::optional<passes::AnyIr> lower_until(std::string_view pass, passes::AnyIr ir, const LoweringOptions& options, Diagnostics& diagnostics);
/// The reason why `pass`, which `option` names, does not run on an IR of `level`: there is no such pass, it reads an earlier level, it is
/// disabled, or the pipeline ends before it, after `last`. Empty if it runs.
std::string pass_fault(std::string_view option, std::string_view pass, passes::Level level, const std::vector<std::string>& disabled,
                       std::string_view last = "");

/// The graph that lower-to-graph makes without weights: the network as it was written.
std::optional<graph::Graph> plain_graph(const topology::Network& network, Diagnostics& diagnostics);

/// Why --disable-pass means nothing for what was read; empty if it means something.
std::string disable_pass_fault(const std::vector<std::string>& disabled, passes::Level level);
/// Adds the option --disable-pass, whose names are checked when the command line is parsed.
void add_disable_pass(Command command, std::vector<std::string>& passes);

}  // namespace resnetc::driver
