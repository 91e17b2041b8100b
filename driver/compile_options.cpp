/// \file compile's command line.
#include "driver/compile_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "codegen/interface.h"
#include "driver/calibration_data.h"
#include "driver/command_line.h"
#include "driver/emit.h"
#include "driver/ir_format.h"
#include "driver/lowering.h"
#include "driver/max_error.h"
#include "driver/model.h"
#include "driver/network_input.h"
#include "driver/tune.h"
#include "driver/tuned.h"

namespace resnetc::driver {
namespace {

/// What is wrong with options for the devices of these targets.
std::string device_fault(const CompileOptions& options, const Targets& targets) {
  const bool gpu = targets.front()->on_gpu();
  if (options.batch && !gpu) return "--batch is for --device cuda: on the CPU the schedules serve any batch";
  if (!gpu && std::find(options.emit.begin(), options.emit.end(), "ptx") != options.emit.end()) return "--emit ptx is for --device cuda";
  return cpu_option_fault({{!options.tune.empty(), "--tune measures schedules of the CPU"},
                           {!options.tuned.empty(), "--tuned names schedules of the CPU"},
                           {options.max_error != 0, "--max-error chooses among algorithms of the CPU"},
                           {!options.precision.given().empty(), options.precision.for_cpus()},
                           {options.no_winograd, "--no-winograd chooses among algorithms of the CPU", /* beside_gpu */ true}},
                          targets);
}

/// Which option is about the library, which --stop-after does not make.
std::string library_option_fault(const CompileOptions& options) {
  const std::pair<bool, const char*> about_library[] = {{!options.depfile.empty(), "--depfile lists"},
                                                        {options.embed_weights, "--embed-weights changes"},
                                                        {options.opt_report, "--opt-report explains"},
                                                        {options.time_passes, "--time-passes times"}};
  for (const auto& [given, what] : about_library) {
    if (given) return fmt::format("{} the making of a library, and --stop-after makes none", what);
  }
  return "";
}

/// Why one of the passes that the options name does not run on what has been read.
std::string passes_fault(const CompileOptions& options, passes::Level level) {
  const std::string &stop = options.stop_after, &print = options.print_ir_after;
  if (!stop.empty()) {
    if (std::string fault = pass_fault("--stop-after", stop, level, options.disabled); !fault.empty()) return fault;
  }
  if (print.empty() || print == "all" || print == "change") return "";
  return pass_fault("--print-ir-after", print, level, options.disabled, stop);
}

/// What options mean nothing for IR of this level.
std::string ir_fault(const CompileOptions& options, const passes::AnyIr& ir) {
  const passes::Level level = level_of(ir);
  const auto needs = [&](std::string_view option, std::string_view what) {
    return fmt::format("{} needs {}, and '{}' is a {}", option, what, options.network.path, level_name(level));
  };
  for (const std::string& kind : options.emit) {
    const auto wanted = level_named(kind);
    if (wanted && *wanted < level) return fmt::format("--emit {}: there is no {}, as a {} was read", kind, kind, level_name(level));
  }
  if (level == passes::Level::topology) return "";
  if (!options.tune.empty()) return needs("--tune", "a network");
  if (options.max_error != 0) return needs("--max-error", "a network");
  if (level == passes::Level::graph) return "";
  if (!options.tuned.empty()) return needs("--tuned", "schedules to choose");
  if (options.no_winograd) return needs("--no-winograd", "algorithms to choose");
  if (!options.precision.given().empty()) return needs(options.precision.given(), "a network or a graph");
  if (std::string fault = disable_pass_fault(options.disabled, level); !fault.empty()) return fault;
  if (options.batch) return needs("--batch", "schedules to choose");
  return "";
}

}  // namespace

std::string data_fault(const CompileOptions& options) {
  const bool measures = options.max_error != 0 && options.precision.integers();
  if (measures && options.data.empty())
    return "--max-error with integers needs --data: the ranges are for pictures like those of 'resnetc calibrate'";
  if (!measures && !options.data.empty()) return "--data is for --max-error with integers";
  return "";
}

std::string option_fault(const CompileOptions& options) {
  if (std::string fault = options.network.name.empty() ? "" : codegen::name_fault(options.network.name); !fault.empty())
    return "--name: " + fault;
  if (options.output_dir == "-") return "-o names a folder, and '-' is none";
  if (options.depfile == "-") return "--depfile names a file, and '-' is none";
  if (options.tune == "-") return "--tune names a file, and '-' is none";
  if (std::string fault = data_options_fault(options.data, options.pictures); !fault.empty()) return fault;
  if (!options.stop_after.empty() && !options.emit.empty())
    return "--emit shows what --stop-after does not come to; --dump-phases-to works with it";
  if (!options.only.empty() && options.emit.empty()) return "--only chooses among what --emit writes, and nothing is to be emitted";
  if (options.force && !is_model(options.network.path)) return fmt::format("--force is for a model, whose name ends in '{}'", model_ending);
  if (options.keep_denormals && options.checkpoint.path.empty() && !is_model(options.network.path))
    return "--keep-denormals needs --weights; 'resnetc pack' knows it too";
  if (!options.tune.empty() && !options.tuned.empty()) return "--tune makes what --tuned reads: give one of them";
  if (options.tune_seconds && options.tune.empty()) return "--tune-seconds needs --tune";
  if (options.no_cache && !options.cache_dir.empty()) return "--no-cache keeps no kernels, and --cache-dir says where: give one of them";
  if (std::string fault = options.stop_after.empty() ? "" : library_option_fault(options); !fault.empty()) return fault;
  for (const std::string& kind : options.emit) {
    if (std::none_of(emit_kinds().begin(), emit_kinds().end(), [&](const EmitKind& known) { return known.name == kind; })) {
      return fmt::format("unknown kind '{}' for --emit: the kinds are {}", kind, emit_names());
    }
  }
  return "";
}

std::string target_fault(const CompileOptions& options, const Targets& targets) {
  std::string fault = device_fault(options, targets);
  if (fault.empty() && options.max_error != 0) fault = MaxError::fault(targets);
  if (fault.empty() && !options.tune.empty()) fault = tune_fault(targets);
  if (fault.empty() && !options.tuned.empty()) fault = tuned_targets_fault(targets);
  return fault;
}

std::string input_fault(const CompileOptions& options, const passes::AnyIr& ir, const Goals& goals) {
  std::string fault = ir_fault(options, ir);
  if (fault.empty()) fault = passes_fault(options, level_of(ir));
  if (!fault.empty()) return fault;
  if (!options.stop_after.empty() && goals.each.size() != 1) return "--stop-after is for one target and one CPU, and several are named";
  const auto* program = std::get_if<program::Program>(&ir);
  return program != nullptr ? program_target_fault(options.target, goals, *program->target) : "";
}

void add_compile_options(Command command, CompileOptions& options) {
  add_input_options(command, options.network, "the network's text, a model to import, or IR that resnetc printed, of any level",
                    "file names and symbol prefix instead of the network's name");
  command.add_option("-o", options.output_dir, "where the artefacts go (the current folder)").type_name("DIR");
  command.add_flag("--force", options.force, "of a model: replace a text or weights that differ from the new ones");
  command.add_option("--depfile", options.depfile, "write a rule for make that lists the files read").type_name("FILE");
  add_checkpoint_options(command, options.checkpoint, "a checkpoint to pack; without it, 'resnetc pack' does so later");
  command.add_flag("--embed-weights", options.embed_weights, "put the packed weights into the library, and write no NET.weights");
  command.add_flag("--keep-denormals", options.keep_denormals, keep_denormals_in_weights);
  command.add_flag(
      "--no-winograd", options.no_winograd,
      "sum every convolution directly, without Winograd's transforms and Strassen's products: slower, and a little more exact");
  add_precision_options(command, options.precision);
  command.add_option("--max-error", options.max_error, "the largest error allowed, over the largest output: it is measured")
      .type_name("E")
      .above(0);
  command
      .add_option(
          "--data", options.data,
          "for --max-error with integers: measure it with at most four of these pictures, which are as those of 'resnetc calibrate'")
      .type_name("DIR|X.npy");
  add_picture_options(command, options.pictures);
  command.add_option("--tune", options.tune, "measure other schedules on this machine, write the faster ones to FILE and use them")
      .type_name("FILE");
  command.add_option("--tune-seconds", options.tune_seconds, fmt::format("seconds that --tune takes, about ({:g})", default_tune_seconds))
      .type_name("S")
      .from_to(0, 86400, "seconds");
  command.add_option("--tuned", options.tuned, "use the schedules that --tune wrote").type_name("FILE");
  add_target_options(command, options.target, Wanted::targets);
  add_schedule_batch(command, "--batch", options.batch, "for cuda: choose schedules for runs of N pictures (32)");
  command.add_option("--emit", options.emit, "also write " + emit_names()).type_name("KIND[,KIND...]").delimiter(',');
  command.add_option("--only", options.only, "let --emit write only this layer, block or stage").type_name("LAYER");
  add_disable_pass(command, options.disabled);
  command.add_option("--stop-after", options.stop_after, "write the IR after this pass to NAME.LEVEL, and no library").type_name("PASS");
  command.add_option("--print-ir-after", options.print_ir_after, "print the IR on stderr after a pass, after all, or where it changed")
      .type_name("PASS|all|change");
  command.add_option("--dump-phases-to", options.dump_phases_to, "write the IR after each pass to a numbered file").type_name("DIR");
  command.add_flag("--opt-report", options.opt_report, "print what the passes did to each layer, and why not more");
  command.add_flag("--time-passes", options.time_passes, "print on stderr the times of each pass, of kernels and of linking");
  command.add_flag("--no-cache", options.no_cache, "compile every kernel anew and keep none");
  command.add_option("--cache-dir", options.cache_dir, "where compiled kernels are kept ($XDG_CACHE_HOME/resnetc)").type_name("DIR");
  command.add_option("-j,--jobs", options.jobs, "kernels compiled at once (one for each processor)").type_name("N").range(1, 1024);
  std::string kinds = "Kinds of --emit:\n";
  for (const EmitKind& kind : emit_kinds()) kinds += fmt::format("  {:<17} {:<18} {}\n", kind.name, kind.files, kind.description);
  command.footer(kinds);
}

}  // namespace resnetc::driver
