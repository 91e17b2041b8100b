/// \file `resnetc opt`: reads IR text of any level, runs passes and prints the result.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "driver/checkpoint.h"
#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/ir_format.h"
#include "driver/lowering.h"
#include "driver/target_options.h"

namespace resnetc::driver {
namespace {

struct OptOptions {
  std::string path;
  std::optional<std::string> passes;
  std::string stop_after;
  std::vector<std::string> disabled;
  std::string format = "text";
  TargetOptions target;
  CheckpointOptions checkpoint;
};

int opt(const OptOptions& options, const Invocation& invocation) {
  std::vector<const passes::PassInfo*> wanted;
  if (options.passes && (!options.stop_after.empty() || !options.disabled.empty())) {
    return usage_error("--passes names all passes that run: --stop-after and --disable-pass are for the pipeline's own list");
  }
  for (const std::string& name : split(options.passes.value_or(""))) {
    const passes::PassInfo* found = passes::find_pass(name);
    if (found == nullptr) return usage_error(fmt::format("unknown pass '{}'; 'resnetc opt --help' lists them", name));
    wanted.push_back(found);
  }
  Sources sources;
  Diagnostics diagnostics(sources);
  const Result<Goals> goals = options.target.goals(diagnostics);
  if (!goals) return report_or_fail(diagnostics, invocation, goals.failure());

  std::string path = options.path == "-" ? "/dev/stdin" : options.path;
  Result<std::string> text = read_file(path);
  if (!text) return fail(text.failure());
  auto ir = parse_any(sources.add(options.path == "-" ? "<stdin>" : options.path, std::move(*text)), diagnostics);
  if (!ir) return report(diagnostics, invocation);
  if (const auto* program = std::get_if<program::Program>(&*ir)) {
    if (const std::string fault = program_target_fault(options.target, *goals, *program->target); !fault.empty()) return usage_error(fault);
  }
  if (const std::string fault = disable_pass_fault(options.disabled, level_of(*ir)); !fault.empty()) return usage_error(fault);
  std::unique_ptr<codegen::Safetensors> weights;
  if (!options.checkpoint.path.empty()) {
    Diagnostics first(sources);  // separate, because the passes run again below, and each mistake must be reported once
    const auto tensors = tensors_of(*ir, first);
    if (!tensors) return report(first, invocation);
    weights = open_checkpoint(options.checkpoint, *tensors, level_of(*ir) == passes::Level::topology, diagnostics);
    if (!weights) return report(diagnostics, invocation);
  }

  passes::PipelineContext context;
  context.diagnostics = &diagnostics;
  context.target = goals->front().target;
  context.machine = goals->front().machine;
  context.weights = weights.get();
  context.disabled = options.disabled;
  if (!options.passes) {
    if (!options.stop_after.empty()) {
      const std::string fault = pass_fault("--stop-after", options.stop_after, level_of(*ir), options.disabled);
      if (!fault.empty()) return usage_error(fault);
    }
    if (!passes::run_pipeline(*ir, passes::Level::program, context, options.stop_after)) {
      const int status = report(diagnostics, invocation);
      return status == done ? fail(first_failure(diagnostics)) : status;
    }
  }
  for (const passes::PassInfo* pass : wanted) {
    if (level_of(*ir) != pass->from) {
      return usage_error(
          fmt::format("the pass '{}' reads a {}, but it would get a {}", pass->name, level_name(pass->from), level_name(level_of(*ir))));
    }
    if (!passes::run_pass(pass->name, *ir, context)) {
      int status = report(diagnostics, invocation);
      return status == done ? fail({fmt::format("the pass '{}' failed and gave no reason", pass->name), Blame::bug}) : status;
    }
  }
  int status = report(diagnostics, invocation);
  if (status == done) fmt::print("{}", print_as(*ir, options.format, sources));
  return status;
}

}  // namespace

void add_opt(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("opt", "read IR of any level, run passes, print the result");
  auto options = std::make_shared<OptOptions>();
  command.add_positional("FILE.ir", options->path, "IR, as text or JSON; '-' is the standard input");
  command.add_option("--passes", options->passes, "run only these passes, separated by commas; '' for none (all that follow)")
      .type_name("PASS,...");
  command.add_option("--stop-after", options->stop_after, "the last pass that runs").type_name("PASS");
  add_disable_pass(command, options->disabled);
  command.add_option("--format", options->format, "text (the default), dot, svg or json")
      .type_name("FORMAT")
      .one_of({"text", "dot", "svg", "json"});
  add_target_options(command, options->target, Wanted::one_target, "for select-kernels: ");
  add_checkpoint_options(command, options->checkpoint, "a checkpoint, for passes that look at values");
  std::string footer = "Passes:\n";
  for (const auto& pass : passes::all_passes())
    footer += fmt::format("  {:<20} {}\n{:23}({})\n", pass.name, pass.description, "", pass.order);
  command.footer(footer);
  command.callback([&invocation, options] { invocation.action = [&invocation, options] { return opt(*options, invocation); }; });
}

}  // namespace resnetc::driver
