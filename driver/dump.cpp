/// \file `resnetc dump`: prints a network at one of the three levels, as text, Graphviz or JSON.

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/ir_format.h"
#include "driver/lowering.h"
#include "driver/model.h"
#include "driver/network_input.h"
#include "driver/precision_options.h"
#include "driver/target_options.h"
#include "passes/lineage.h"

namespace resnetc::driver {
namespace {

struct DumpOptions {
  NetworkOptions network;
  std::string level = "graph";
  std::string after;
  std::string format = "text";
  TargetOptions target;
  std::optional<int64_t> batch;
  std::string only;
  std::vector<std::string> disabled;
  PrecisionOptions precision;
};

int dump(const DumpOptions& options, bool level_given, const Invocation& invocation) {
  passes::Level level = *level_named(options.level);
  if (!options.after.empty()) {
    const std::string fault = pass_fault("--after", options.after, passes::Level::topology, options.disabled);
    if (!fault.empty()) return usage_error(fault);
    const passes::Level after = passes::find_pass(options.after)->to;
    if (level_given && after != level) {
      return usage_error(fmt::format("the pass '{}' leaves a {}, not a {}", options.after, level_name(after), level_name(level)));
    }
    level = after;
  }
  Sources sources;
  Diagnostics diagnostics(sources);
  std::optional<Loaded<topology::Network>> loaded;  // a model says with which precision it is computed; a text is read later
  const bool model = is_model(options.network.path);
  if (model) loaded = load_input(options.network, diagnostics);
  const PrecisionOptions precision_options = options.precision.with(loaded ? loaded->model : std::nullopt);
  if (const std::string fault = precision_options.fault(); !fault.empty()) return usage_error(fault);
  const Result<Goals> goals = options.target.goals(diagnostics, precision_options.arithmetic());
  if (!goals) return report_or_fail(diagnostics, invocation, goals.failure());
  const Target* target = goals->front().target;
  const std::string_view of_program = options.batch ? "--batch" : options.target.given();
  if (level != passes::Level::program && !of_program.empty()) {
    return usage_error(
        fmt::format("{} is about a program's kernels, and a {} has none: --level program shows them", of_program, level_name(level)));
  }
  if (options.batch && !target->on_gpu()) return usage_error("--batch is for --device cuda: on the CPU the schedules serve any batch");

  passes::AnyIr read, ir;
  bool good = false;
  if (!model) loaded = load_input(options.network, diagnostics);
  if (loaded) {
    passes::PipelineContext context;
    context.diagnostics = &diagnostics;
    context.target = target;
    context.machine = goals->front().machine;
    context.disabled = options.disabled;
    if (options.batch) context.batch = *options.batch;
    const std::optional<Precision> precision = precision_options.read(loaded->ir, diagnostics);
    if (precision) precision->set(context, target);
    read = loaded->ir;
    ir = std::move(loaded->ir);
    good = precision && passes::run_pipeline(ir, level, context, options.after);
  }
  int status = report(diagnostics, invocation);
  if (status != done) return status;
  if (!good) return fail(first_failure(diagnostics));
  if (options.only.empty()) {
    fmt::print("{}", print_as(ir, options.format, sources));
    return done;
  }
  if (const std::string fault = passes::part_fault(options.only, read, ir); !fault.empty()) return usage_error("--only " + fault);
  fmt::print("{}", print_part(ir, options.format, options.only, read, sources));
  return done;
}

}  // namespace

void add_dump(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("dump", "print a network at one of the three levels of IR");
  auto options = std::make_shared<DumpOptions>();
  add_input_options(command, options->network);
  const CommandOption level = command.add_option("--level", options->level, "topology, graph (the default) or program")
                                  .type_name("LEVEL")
                                  .one_of({"topology", "graph", "program"});
  command.add_option("--after", options->after, "print it after this pass instead of after the level's last").type_name("PASS");
  command.add_option("--only", options->only, "print only what does the work of this layer, block or stage").type_name("LAYER");
  command.add_option("--format", options->format, "text (the default), dot, svg or json")
      .type_name("FORMAT")
      .one_of({"text", "dot", "svg", "json"});
  add_target_options(command, options->target, Wanted::one_target, "for a program: ");
  add_schedule_batch(command, "--batch", options->batch, "for a program for cuda: as compile's --batch (32)");
  add_precision_options(command, options->precision);
  add_disable_pass(command, options->disabled);
  command.callback([&invocation, options, level] {
    bool given = level.given();
    invocation.action = [&invocation, options, given] { return dump(*options, given, invocation); };
  });
}

}  // namespace resnetc::driver
