/// \file The list of passes, and the functions that run them.
#include "passes/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "passes/check_skips.h"
#include "passes/elide_identities.h"
#include "passes/fold_batch_norm.h"
#include "passes/fuse_pools.h"
#include "passes/fuse_projections.h"
#include "passes/fuse_shortcuts.h"
#include "passes/infer_shapes.h"
#include "passes/lower_to_graph.h"
#include "passes/narrow_values.h"
#include "passes/narrow_weights.h"
#include "passes/plan_memory.h"
#include "passes/quantize.h"
#include "passes/round_values.h"
#include "passes/select_kernels.h"
#include "passes/split_transposed.h"
#include "passes/trim_windows.h"

namespace resnetc::passes {
namespace {

using graph::Graph;
using program::Program;
using topology::Network;

/// A pass with its function. Each type of function takes and returns the IR of its level, so a wrong level does not compile.
struct Pass {
  PassInfo info;
  bool needs_checked = false;  ///< whether the pass needs the results of infer-shapes and check-skips; IR text may lack them
  void (*on_topology)(Network&, PassContext&) = nullptr;
  Graph (*to_graph)(const Network&, PassContext&) = nullptr;
  void (*on_graph)(Graph&, PassContext&) = nullptr;
  std::optional<Program> (*to_program)(const Graph&, PassContext&) = nullptr;
  void (*on_program)(Program&, PassContext&) = nullptr;
};

/// Infers shapes. After errors the pipeline stops at this pass, so this function then also checks the edges whose types are known: one run
/// reports all errors.
void infer_shapes_and_check(Network& network, PassContext& context) {
  size_t errors = context.diagnostics->error_count();
  infer_shapes(network, context);
  if (context.diagnostics->error_count() != errors) check_skips(network, context);
}

/// Whether every value has a type and every edge agrees.
bool checked(const Network& network, PassContext& context) {
  size_t errors = context.diagnostics->error_count();
  check_skips(network, context);
  if (context.diagnostics->error_count() != errors) return false;
  for (const topology::Value& value : network.values) {
    if (value.type) continue;
    context.diagnostics->error(value.at, fmt::format("'{}' has no type yet: run infer-shapes first", value.name));
    return false;
  }
  return true;
}

constexpr Level topo = Level::topology;

const auto pipeline = std::to_array<Pass>({
    {.info = {"infer-shapes", topo, topo, "gives every value its dimensions", "first: everything after asks for types"},
     .on_topology = infer_shapes_and_check},
    {.info = {"check-skips", topo, topo, "the two values at an edge must agree",
              "before anything is rewritten, so that errors speak of what was written"},
     .on_topology = [](Network& n, PassContext& c) { check_skips(n, c); }},
    {.info = {"elide-identities", topo, topo, "with weights: removes blocks whose residual branch is zero",
              "while blocks still exist; after the checks, so that a wrong network is an error with any weights", true},
     .needs_checked = true,
     .on_topology = elide_identities},
    {.info = {"lower-to-graph", topo, Level::graph, "blocks and edges to operations", "the last pass that sees blocks"},
     .needs_checked = true,
     .to_graph = lower_to_graph},
    {.info = {"round-values", Level::graph, Level::graph, "with ranges that say the integers of a value: rounds the value to them",
              "before all fusing, which the rounding stands in the way of where it must"},
     .on_graph = round_values},
    {.info = {"fold-batch-norm", Level::graph, Level::graph, "batch norms into the convolutions before them",
              "before fusing: a batch norm between a convolution and its addition would stand in the way", true},
     .on_graph = fold_batch_norm},
    {.info = {"split-transposed", Level::graph, Level::graph, "transposed convolutions to convolutions of their phases",
              "after fold-batch-norm, which knows their weights; before fusing, which gives the new operations steps"},
     .on_graph = split_transposed},
    {.info = {"trim-windows", Level::graph, Level::graph, "leaves out taps of convolutions that meet nothing but padding",
              "after split-transposed, which makes convolutions; before fusing, which looks at their windows", true},
     .on_graph = trim_windows},
    {.info = {"fuse-shortcuts", Level::graph, Level::graph,
              "element-wise operations (shortcut additions, activations) into the convolution or other one before them",
              "before fuse-pools: a convolution is the better place where there is a choice", true},
     .on_graph = fuse_shortcuts},
    {.info = {"fuse-projections", Level::graph, Level::graph,
              "the convolution on a skip edge into the one that it is added to: one kernel sums both",
              "after fuse-shortcuts, which has put the addition into one of the two", true},
     .on_graph = fuse_projections},
    {.info = {"fuse-pools", Level::graph, Level::graph, "element-wise operations into the pool before them",
              "takes what fuse-shortcuts left", true},
     .on_graph = fuse_pools},
    {.info = {"narrow-weights", Level::graph, Level::graph, "with --weights-precision: rounds weights to 16 bits",
              "after all that computes with weights: what is rounded is what kernels read", true},
     .on_graph = narrow_weights},
    {.info = {"narrow-values", Level::graph, Level::graph, "with --precision bf16: rounds pictures between kernels to bf16",
              "after all fusing: what an epilogue passes on stays in float32", true},
     .on_graph = narrow_values},
    {.info = {"quantize", Level::graph, Level::graph, "with ranges: values and weights of convolutions become integers of 8 bits",
              "after all fusing, because the integers of a value that only an epilogue has need no range", true},
     .on_graph = quantize},
    {.info = {"select-kernels", Level::graph, Level::program, "algorithm, layout and schedule of each kernel",
              "the first pass that knows the target"},
     .to_program = select_kernels},
    {.info = {"plan-memory", Level::program, Level::program, "a place in the arena for every tensor", "last: layouts must be final"},
     .on_program = plan_memory},
});

std::optional<Finding> verify(const AnyIr& ir) {
  return std::visit([](const auto& m) { return verify(m); }, ir);
}

/// Runs a pass. Returns false if it gives no IR.
bool apply(const Pass& pass, AnyIr& ir, PassContext& context) {
  if (pass.needs_checked && !checked(std::get<Network>(ir), context)) return false;
  if (pass.on_topology != nullptr) {
    pass.on_topology(std::get<Network>(ir), context);
  } else if (pass.to_graph != nullptr) {
    Graph lowered = pass.to_graph(std::get<Network>(ir), context);
    ir = std::move(lowered);
  } else if (pass.on_graph != nullptr) {
    pass.on_graph(std::get<Graph>(ir), context);
  } else if (pass.to_program != nullptr) {
    std::optional<Program> selected = pass.to_program(std::get<Graph>(ir), context);
    if (!selected) return false;
    ir = std::move(*selected);
  } else {
    pass.on_program(std::get<Program>(ir), context);
  }
  return true;
}

/// Runs a pass, verifies, and shows the observer what it left.
bool run(const Pass& pass, AnyIr& ir, PipelineContext& context) {
  Diagnostics& diagnostics = *context.diagnostics;
  if (level_of(ir) != pass.info.from) {
    diagnostics.error({}, fmt::format("the pass '{}' does not work on this level", pass.info.name));
    return false;
  }
  const std::string before = context.after_pass ? print(ir, diagnostics.sources()) : std::string();
  const size_t errors = diagnostics.error_count();
  const auto start = std::chrono::steady_clock::now();
  const bool done = apply(pass, ir, context);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  context.times.push_back({std::string(pass.info.name), seconds});
  if (diagnostics.error_count() != errors) return false;
  std::optional<Finding> fault = done ? verify(ir) : Finding{"it yields nothing"};
  if (!fault && done && pass.on_program != nullptr) fault = program::check_memory_plan(std::get<Program>(ir));
  if (fault) {
    diagnostics.bug({}, fmt::format("the pass '{}' left a broken IR: {}", pass.info.name, fault->what));
    return false;
  }
  if (context.after_pass) context.after_pass({pass.info, ir, print(ir, diagnostics.sources()) != before, seconds, context.target});
  return true;
}

bool disabled(const PassInfo& pass, const PipelineContext& context) {
  return pass.optional && std::find(context.disabled.begin(), context.disabled.end(), pass.name) != context.disabled.end();
}

/// The one walk over the list. Runs the passes that leave IR of the levels from `first` to `last` and read no level before that of `ir`, up
/// to `stop_after`.
bool walk(AnyIr& ir, Level first, Level last, PipelineContext& context, std::string_view stop_after) {
  for (const Pass& pass : pipeline) {
    if (pass.info.from < level_of(ir) || pass.info.to < first || pass.info.to > last) continue;
    if (!disabled(pass.info, context) && !run(pass, ir, context)) return false;
    if (pass.info.name == stop_after) break;
  }
  return true;
}

}  // namespace

std::span<const PassInfo> all_passes() {
  static const auto infos = [] {
    std::array<PassInfo, pipeline.size()> out;
    for (size_t i = 0; i < pipeline.size(); ++i) out[i] = pipeline[i].info;
    return out;
  }();
  return infos;
}

const PassInfo* find_pass(std::string_view name) {
  for (const PassInfo& pass : all_passes()) {
    if (pass.name == name) return &pass;
  }
  return nullptr;
}

bool run_pass(std::string_view name, AnyIr& ir, PipelineContext& context) {
  const auto pass = std::find_if(pipeline.begin(), pipeline.end(), [&](const Pass& one) { return one.info.name == name; });
  if (pass != pipeline.end()) return run(*pass, ir, context);
  context.diagnostics->error({}, fmt::format("there is no pass '{}'", name));
  return false;
}

bool run_pipeline(AnyIr& ir, Level until, PipelineContext& context, std::string_view stop_after) {
  return walk(ir, Level::topology, until, context, stop_after);
}

bool run_level(AnyIr& ir, Level level, PipelineContext& context) { return walk(ir, level, level, context, {}); }

}  // namespace resnetc::passes
