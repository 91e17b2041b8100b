/// \file Running the passes.
#include "driver/lowering.h"

#include <fmt/format.h>

#include <algorithm>

#include "driver/common.h"
#include "driver/ir_format.h"

namespace resnetc::driver {

namespace {

/// `current` is the target at work when a pass is observed.
passes::PipelineContext context_of(const LoweringOptions& options, const Target*& current, Diagnostics& diagnostics) {
  passes::PipelineContext context;
  context.diagnostics = &diagnostics;
  context.weights = options.weights;
  context.winograd_tile = options.winograd_tile;
  context.weights_limited = options.weights_limited;
  context.batch = options.batch;
  context.disabled = options.disabled;
  if (options.after_pass) {
    context.after_pass = [&](const passes::PassInfo& pass, const passes::AnyIr& ir, bool changed) {
      options.after_pass(pass, ir, changed, current);
    };
  }
  return context;
}

/// `current` becomes the target too: what observers of passes are shown.
void set_target(passes::PipelineContext& context, const LoweringOptions& options, const Target& target, const Target*& current) {
  current = &target;
  context.target = &target;
  context.tuned = options.tuned != nullptr && options.tuned->target == target.name ? options.tuned : nullptr;
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
  const Target* current = nullptr;
  passes::PipelineContext context = context_of(options, current, diagnostics);
  // The passes of the list that leave `level`, in its order, as far as the IR is not below what they read.
  auto advance = [&](passes::AnyIr& own, passes::Level level) {
    for (const passes::PassInfo& pass : passes::all_passes()) {
      if (pass.to != level || pass.from < level_of(own) || passes::disabled(pass, context)) continue;
      if (!passes::run_pass(pass, own, context)) return false;
    }
    return true;
  };
  if (result.from == passes::Level::program) {
    auto& program = std::get<program::Program>(ir);
    set_target(context, options, *options.targets.front(), current);
    if (program.arena_bytes == program::none && !advance(ir, passes::Level::program)) return std::nullopt;
    result.programs.push_back(std::move(std::get<program::Program>(ir)));
    result.remarks = std::move(context.remarks);
    result.times = std::move(context.times);
    return result;
  }
  if (result.from == passes::Level::topology) {
    if (!advance(ir, passes::Level::topology)) return std::nullopt;
    result.topology = std::get<topology::Network>(ir);
  }
  if (!advance(ir, passes::Level::graph)) return std::nullopt;
  result.graph = std::get<graph::Graph>(ir);
  for (const Target* target : options.targets) {
    set_target(context, options, *target, current);
    passes::AnyIr own = result.graph;
    if (!advance(own, passes::Level::program)) return std::nullopt;
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
  const Target* target = options.targets.front();
  passes::PipelineContext context = context_of(options, target, diagnostics);
  set_target(context, options, *target, target);
  if (!passes::run_pipeline(ir, passes::Level::program, context, pass)) return std::nullopt;
  return ir;
}

std::string pass_fault(std::string_view option, std::string_view pass, passes::Level level, const std::vector<std::string>& disabled,
                       std::string_view last) {
  const std::span<const passes::PassInfo> all = passes::all_passes();
  const auto find = [&](std::string_view name) {
    return std::find_if(all.begin(), all.end(), [&](const passes::PassInfo& info) { return info.name == name; });
  };
  const auto known = find(pass);
  if (known == all.end()) return fmt::format("unknown pass '{}' for {}; 'resnetc opt --help' lists the passes", pass, option);
  if (known->from < level)
    return fmt::format("{} {}: the pass reads a {}, and a {} was read", option, pass, level_name(known->from), level_name(level));
  if (std::find(disabled.begin(), disabled.end(), pass) != disabled.end())
    return fmt::format("{} {}: --disable-pass leaves it out", option, pass);
  if (!last.empty() && find(last) < known) return fmt::format("{} {}: --stop-after {} ends before it", option, pass, last);
  return "";
}

std::optional<graph::Graph> plain_graph(const topology::Network& network, Diagnostics& diagnostics) {
  passes::PipelineContext context;
  context.diagnostics = &diagnostics;
  passes::AnyIr ir = network;
  if (!passes::run_pipeline(ir, passes::Level::graph, context, "lower-to-graph")) return std::nullopt;
  return std::get<graph::Graph>(std::move(ir));
}

void add_disable_pass(CLI::App& command, std::vector<std::string>& passes) {
  std::string names;
  for (const passes::PassInfo& pass : passes::all_passes()) {
    if (pass.optional) names += fmt::format("{}{}", names.empty() ? "" : ", ", pass.name);
  }
  command.add_option("--disable-pass", passes, "leave out: " + names)
      ->type_name("PASS[,PASS...]")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check([names](const std::string& name) {
        for (const passes::PassInfo& pass : passes::all_passes()) {
          if (pass.name != name) continue;
          return pass.optional ? std::string() : fmt::format("nothing compiles without '{}'; what can be left out is {}", name, names);
        }
        return fmt::format("there is no pass '{}'; what can be left out is {}", name, names);
      });
}

}  // namespace resnetc::driver
