/// \file Runs the passes.
#include "driver/lowering.h"

#include <fmt/format.h>

#include <algorithm>

#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/ir_format.h"

namespace resnetc::driver {

namespace {

passes::PipelineContext context_of(const LoweringOptions& options, Diagnostics& diagnostics) {
  passes::PipelineContext context;
  context.diagnostics = &diagnostics;
  context.weights = options.weights;
  context.winograd_tile = options.winograd_tile;
  context.weights_limited = options.weights_limited;
  context.batch = options.batch;
  options.precision.set(context, options.goals.empty() ? nullptr : options.goals.front().target);
  context.disabled = options.disabled;
  context.after_pass = options.after_pass;
  return context;
}

void set_goal(passes::PipelineContext& context, const LoweringOptions& options, const Goal& goal) {
  context.target = goal.target;
  context.machine = goal.machine;
  context.tuned = options.tuned != nullptr && options.tuned->target == goal.target->name ? options.tuned : nullptr;
}

}  // namespace

passes::AnyIr Lowered::read() const {
  switch (from) {
    case passes::Level::topology: return topology;
    case passes::Level::graph: return graph;
    case passes::Level::program: break;
  }
  return programs.front();
}

std::optional<Lowered> lower(passes::AnyIr ir, const LoweringOptions& options, Diagnostics& diagnostics) {
  Lowered result;
  result.from = level_of(ir);
  passes::PipelineContext context = context_of(options, diagnostics);
  if (result.from == passes::Level::program) {
    auto& program = std::get<program::Program>(ir);
    set_goal(context, options, options.goals.front());
    if (program.arena_bytes == program::none && !passes::run_level(ir, passes::Level::program, context)) return std::nullopt;
    result.programs.push_back(std::move(std::get<program::Program>(ir)));
    result.remarks = std::move(context.remarks);
    result.times = std::move(context.times);
    return result;
  }
  if (result.from == passes::Level::topology) {
    if (!passes::run_level(ir, passes::Level::topology, context)) return std::nullopt;
    result.topology = std::get<topology::Network>(ir);
  }
  if (!passes::run_level(ir, passes::Level::graph, context)) return std::nullopt;
  result.graph = std::get<graph::Graph>(ir);
  for (const Goal& goal : options.goals) {
    set_goal(context, options, goal);
    passes::AnyIr own = result.graph;
    if (!passes::run_level(own, passes::Level::program, context)) return std::nullopt;
    result.programs.push_back(std::get<program::Program>(std::move(own)));
  }
  program::share_constants(result.programs);
  result.remarks = std::move(context.remarks);
  result.times = std::move(context.times);
  result.depends_on_values = context.depends_on_values;
  return result;
}

std::optional<passes::AnyIr> lower_until(std::string_view pass, passes::AnyIr ir, const LoweringOptions& options,
                                         Diagnostics& diagnostics) {
  passes::PipelineContext context = context_of(options, diagnostics);
  set_goal(context, options, options.goals.front());
  if (!passes::run_pipeline(ir, passes::Level::program, context, pass)) return std::nullopt;
  return ir;
}

std::string pass_fault(std::string_view option, std::string_view pass, passes::Level level, const std::vector<std::string>& disabled,
                       std::string_view last) {
  const passes::PassInfo* known = passes::find_pass(pass);
  if (known == nullptr) return fmt::format("unknown pass '{}' for {}; 'resnetc opt --help' lists the passes", pass, option);
  if (known->from < level)
    return fmt::format("{} {}: the pass reads a {}, and a {} was read", option, pass, level_name(known->from), level_name(level));
  if (std::find(disabled.begin(), disabled.end(), pass) != disabled.end())
    return fmt::format("{} {}: --disable-pass leaves it out", option, pass);
  if (!last.empty() && passes::find_pass(last) < known) return fmt::format("{} {}: --stop-after {} ends before it", option, pass, last);
  return "";
}

std::optional<graph::Graph> plain_graph(const topology::Network& network, Diagnostics& diagnostics) {
  passes::PipelineContext context;
  context.diagnostics = &diagnostics;
  passes::AnyIr ir = network;
  if (!passes::run_pipeline(ir, passes::Level::graph, context, "lower-to-graph")) return std::nullopt;
  return std::get<graph::Graph>(std::move(ir));
}

std::string disable_pass_fault(const std::vector<std::string>& disabled, passes::Level level) {
  if (disabled.empty() || level != passes::Level::program) return "";
  return "--disable-pass needs passes that can be left out, and none of those reads a program";
}

void add_disable_pass(Command command, std::vector<std::string>& passes) {
  std::string names;
  for (const passes::PassInfo& pass : passes::all_passes()) {
    if (pass.optional) names += fmt::format("{}{}", names.empty() ? "" : ", ", pass.name);
  }
  command.add_option("--disable-pass", passes, "leave out: " + names)
      .type_name("PASS[,PASS...]")
      .delimiter(',')
      .check([names](const std::string& name) {
        const passes::PassInfo* pass = passes::find_pass(name);
        if (pass == nullptr) return fmt::format("there is no pass '{}'; what can be left out is {}", name, names);
        return pass->optional ? std::string() : fmt::format("nothing compiles without '{}'; what can be left out is {}", name, names);
      });
}

}  // namespace resnetc::driver
