/// \file `resnetc compile`: compiles a network to a library, its header, its weights and its manifest.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "codegen/interface.h"
#include "codegen/library.h"
#include "driver/checkpoint.h"
#include "driver/common.h"
#include "driver/emit.h"
#include "driver/ir_format.h"
#include "driver/lowering.h"
#include "driver/max_error.h"
#include "driver/phases.h"
#include "driver/target_options.h"
#include "driver/tune.h"
#include "driver/tuned.h"
#include "passes/lineage.h"
#include "support/temp_dir.h"

namespace resnetc::driver {
namespace {

struct CompileOptions {
  NetworkOptions network;
  std::string output_dir = ".";
  std::string name;
  std::string depfile;
  CheckpointOptions checkpoint;
  bool embed_weights = false;
  bool keep_denormals = false;
  bool no_winograd = false;
  double max_error = 0;  ///< 0: not requested
  TargetOptions target;
  std::optional<int64_t> batch;
  std::vector<std::string> emit;
  std::string only;
  std::string print_ir_after;
  std::vector<std::string> disabled;
  std::string stop_after;
  std::string dump_phases_to;
  bool opt_report = false;
  bool time_passes = false;
  bool no_cache = false;
  std::string cache_dir;
  int jobs = 0;
  std::string tune, tuned;
  std::optional<double> tune_seconds;
};

/// The fault of options for the given targets; empty if there is none.
std::string device_fault(const CompileOptions& options, const Targets& targets) {
  const bool gpu = targets.front()->on_gpu();
  if (options.batch && !gpu) return "--batch is for --device cuda: on the CPU the schedules serve any batch";
  if (!gpu && std::find(options.emit.begin(), options.emit.end(), "ptx") != options.emit.end()) return "--emit ptx is for --device cuda";
  return cpu_option_fault({{!options.tune.empty(), "--tune measures schedules of the CPU"},
                           {!options.tuned.empty(), "--tuned names schedules of the CPU"},
                           {options.max_error != 0, "--max-error chooses among algorithms of the CPU"},
                           {options.no_winograd, "--no-winograd chooses among algorithms of the CPU", /* beside_gpu */ true}},
                          targets);
}

/// The fault of the options themselves; empty if there is none.
std::string option_fault(const CompileOptions& options) {
  if (std::string fault = options.name.empty() ? "" : codegen::name_fault(options.name); !fault.empty()) return "--name: " + fault;
  if (options.output_dir == "-") return "-o names a folder, and '-' is none";
  if (options.depfile == "-") return "--depfile names a file, and '-' is none";
  if (options.tune == "-") return "--tune names a file, and '-' is none";
  if (!options.stop_after.empty() && !options.emit.empty())
    return "--emit shows what --stop-after does not come to; --dump-phases-to works with it";
  if (!options.only.empty() && options.emit.empty()) return "--only chooses among what --emit writes, and nothing is to be emitted";
  if (options.keep_denormals && options.checkpoint.path.empty()) return "--keep-denormals needs --weights; 'resnetc pack' knows it too";
  if (!options.tune.empty() && !options.tuned.empty()) return "--tune makes what --tuned reads: give one of them";
  if (options.tune_seconds && options.tune.empty()) return "--tune-seconds needs --tune";
  for (const std::string& kind : options.emit) {
    if (std::none_of(emit_kinds().begin(), emit_kinds().end(), [&](const EmitKind& known) { return known.name == kind; })) {
      return fmt::format("unknown kind '{}' for --emit: the kinds are {}", kind, emit_names());
    }
  }
  return "";
}

/// The reason why a pass that the options name does not run on the IR that was read; empty if all passes do.
std::string passes_fault(const CompileOptions& options, passes::Level level) {
  const std::string &stop = options.stop_after, &print = options.print_ir_after;
  if (!stop.empty()) {
    if (std::string fault = pass_fault("--stop-after", stop, level, options.disabled); !fault.empty()) return fault;
  }
  if (print.empty() || print == "all" || print == "change") return "";
  return pass_fault("--print-ir-after", print, level, options.disabled, stop);
}

/// A rule for make: every artefact depends on every file read. Blanks, '#' and '$' are escaped as make requires.
std::string depfile_text(const std::vector<std::string>& artefacts, const std::vector<std::string>& files) {
  auto escaped = [](const std::string& path) {
    std::string out;
    for (char c : path) {
      if (c == ' ' || c == '#') out += '\\';
      if (c == '$') out += '$';
      out += c;
    }
    return out;
  };
  std::string text;
  for (const auto& artefact : artefacts) text += escaped(artefact) + " ";
  text.back() = ':';
  for (const auto& file : files) text += " \\\n  " + escaped(file);
  text += '\n';
  for (const auto& file : files) text += "\n" + escaped(file) + ":\n";  // a file that disappears is no error
  return text;
}

void print_summary(const Lowered& lowered, const Targets& targets, const std::vector<std::string>& written, double seconds) {
  const program::Program& program = lowered.programs.front();
  int64_t operations = 0;
  for (const auto& kernel : program.kernels) operations += kernel.multiply_adds;
  std::string names;
  for (const auto* target : targets) names += (names.empty() ? "" : ", ") + target->name;
  fmt::print("{}: {} kernels, {} multiply-adds, {} of memory a picture, for {}; {:.2f} s\n", program.name, program.kernels.size(),
             grouped(operations), human_bytes(static_cast<uint64_t>(program.arena_bytes)), names, seconds);
  for (const std::string& path : written) {
    std::error_code error;
    uint64_t size = std::filesystem::file_size(path, error);
    fmt::print("  {}{}\n", path, error ? "" : fmt::format("  {}", human_bytes(size)));
  }
}

/// The directory of the cache; empty for no cache.
std::string cache_dir(const CompileOptions& options) {
  return options.no_cache ? "" : options.cache_dir.empty() ? codegen::default_cache_dir() : options.cache_dir;
}

/// Measures, writes the file, and reads it like --tuned, because the file determines what is compiled. If there is no result, `status` says
/// why.
std::optional<program::Tuning> tune_to_file(const CompileOptions& options, const topology::Network& network,
                                            const LoweringOptions& lowering, const codegen::KernelOptions& kernels,
                                            const Invocation& invocation, Diagnostics& diagnostics, int& status) {
  Diagnostics first(diagnostics.sources());  // separate, because the passes run again below, and each mistake must be reported once
  if (!plain_graph(network, first)) {
    status = report(first, invocation);
    return std::nullopt;
  }
  if (const Result<> can = can_write(options.tune); !can) {
    status = fail(can.failure());
    return std::nullopt;
  }
  const double seconds = options.tune_seconds.value_or(default_tune_seconds);
  const Result<program::Tuning> found = tune(network, lowering, seconds, kernels, diagnostics.sources());
  if (!found) {
    status = fail(found.failure());
    return std::nullopt;
  }
  const std::string text = program::print(*found);
  if (const Result<> written = write_file(options.tune, text); !written) {
    status = fail(written.failure());
    return std::nullopt;
  }
  fmt::print("{} tuned {}: {}\n", found->kernels.size(), found->kernels.size() == 1 ? "kernel" : "kernels", found->reason);
  return program::parse_tuning(diagnostics.sources().add(options.tune, text), diagnostics);
}

/// Loads a network's text, or IR of any level.
std::optional<passes::AnyIr> load_any(const NetworkOptions& options, Diagnostics& diagnostics, std::vector<std::string>& files) {
  Result<std::string> text = read_file(options.path);
  if (!text || !is_ir(*text)) {  // errors of reading are reported where networks are read
    std::optional<topology::Network> network = load(options, diagnostics, &files);
    if (!network) return std::nullopt;
    return passes::AnyIr(std::move(*network));
  }
  if (!options.settings.empty()) {
    diagnostics.error({diagnostics.sources().named(options.path), 0, 0, 0}, "--set needs a network's text, and this is IR");
    return std::nullopt;
  }
  files.push_back(options.path);
  return parse_any(diagnostics.sources().add(options.path, std::move(*text)), diagnostics);
}

/// A message about options that have no meaning for IR of this level; empty if none of them is given.
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
  if (options.batch) return needs("--batch", "schedules to choose");
  return "";
}

const std::string& name_of(const passes::AnyIr& ir) {
  return std::visit([](const auto& level) -> const std::string& { return level.name; }, ir);
}

/// The folder to write to. If this class made it and nothing was written to it, it is removed again.
class OutputFolder {
 public:
  explicit OutputFolder(std::string path) : path_(std::move(path)) {
    std::error_code error;
    made_ = std::filesystem::create_directories(path_, error);
    if (error) good_ = Failure{fmt::format("cannot make the folder '{}': {}", path_, error.message())};
  }
  ~OutputFolder() {
    std::error_code error;
    if (made_) std::filesystem::remove(path_, error);  // removes it only if it is empty
  }
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  const Result<>& good() const { return good_; }

 private:
  std::string path_;
  bool made_ = false;
  Result<> good_;
};

/// For --stop-after: writes the IR instead of a library.
int write_stopped(const CompileOptions& options, const std::string& name, passes::AnyIr ir, const LoweringOptions& lowering,
                  const PhaseObserver& observer, const Invocation& invocation, Diagnostics& diagnostics) {
  const auto stopped = lower_until(options.stop_after, std::move(ir), lowering, diagnostics);
  if (const int status = report(diagnostics, invocation); status != done) return status;
  if (!stopped) return fail(first_failure(diagnostics));
  if (!observer.written()) return fail(observer.written().failure());
  const std::string path = fmt::format("{}/{}.{}", options.output_dir, name, level_name(level_of(*stopped)));
  if (const Result<> leaves = leaves_inputs(path, {options.network.path}); !leaves) return fail(leaves.failure());
  if (const Result<> written = write_file(path, passes::print(*stopped, diagnostics.sources())); !written) return fail(written.failure());
  fmt::print("{}  as '{}' leaves it\n", path, options.stop_after);
  return done;
}

int compile(const CompileOptions& options, const Invocation& invocation) {
  auto start = std::chrono::steady_clock::now();
  if (std::string fault = option_fault(options); !fault.empty()) return usage_error(fault);
  Result<Targets> targets = options.target.targets();
  if (!targets) return fail(targets.failure());
  std::string why;
  if (why = device_fault(options, *targets); !why.empty()) return usage_error(why);
  if (options.max_error != 0) why = MaxError::fault(*targets);
  if (why.empty() && !options.tune.empty()) why = tune_fault(*targets);
  if (why.empty() && !options.tuned.empty()) why = tuned_targets_fault(*targets);
  if (!why.empty()) return usage_error(why);

  Sources sources;
  Diagnostics diagnostics(sources);
  std::vector<std::string> files;
  auto source = load_any(options.network, diagnostics, files);
  double loading = seconds_since(start);
  if (!source) return report(diagnostics, invocation);
  if (why = ir_fault(options, *source); !why.empty()) return usage_error(why);
  why = passes_fault(options, level_of(*source));
  if (why.empty() && !options.stop_after.empty() && targets->size() != 1) why = "--stop-after is for one target, and several are named";
  if (!why.empty()) return usage_error(why);
  if (const auto* read = std::get_if<program::Program>(&*source)) {
    const Target* own = read->target;
    if (options.target.named() && (targets->size() != 1 || targets->front() != own))
      return usage_error(fmt::format("the program is for '{}', not for other targets", own->name));
    *targets = {own};
  }
  // Tuning and measuring errors lower the network repeatedly.
  const auto* network = std::get_if<topology::Network>(&*source);

  std::unique_ptr<codegen::Safetensors> weights;
  const std::string& checkpoint = options.checkpoint.path;
  if (!checkpoint.empty() || options.embed_weights) {
    // Separate diagnostics, because the passes run again below, and each mistake must be reported once.
    Diagnostics first(sources);
    const auto tensors = tensors_of(*source, first);
    if (!tensors) return report(first, invocation);
    if (checkpoint.empty() && !tensors->empty()) return usage_error("--embed-weights needs --weights: the network reads a checkpoint");
    if (!checkpoint.empty()) {
      files.push_back(checkpoint);
      weights = open_checkpoint(options.checkpoint, *tensors, level_of(*source) == passes::Level::topology, diagnostics);
      if (!weights) return report(diagnostics, invocation);
    }
  }

  LoweringOptions lowering;
  lowering.targets = *targets;
  lowering.weights = weights.get();
  if (options.no_winograd) lowering.winograd_tile = 0;
  if (options.batch) lowering.batch = *options.batch;
  lowering.disabled = options.disabled;
  codegen::LibraryOptions library;
  library.output_dir = options.output_dir;
  library.name = options.name.empty() ? name_of(*source) : options.name;
  library.weights = weights.get();
  library.embed_weights = options.embed_weights;
  library.keep_denormals = options.keep_denormals;
  library.kernels.cache_dir = cache_dir(options);
  library.kernels.jobs = options.jobs;
  if (!options.cache_dir.empty() && !options.no_cache) {
    std::error_code error;
    std::filesystem::create_directories(options.cache_dir, error);
    if (error) return fail({fmt::format("cannot keep kernels in '{}': {}", options.cache_dir, error.message())});
  }
  std::optional<TempDir> own_cache;  // the measured kernels must be the written ones, so kernels are kept until then, even with --no-cache
  const bool measures = options.max_error != 0 || !options.tune.empty();
  if (measures && library.kernels.cache_dir.empty()) library.kernels.cache_dir = own_cache.emplace().path();

  if (!options.tuned.empty()) files.push_back(options.tuned);
  // Report files that cannot be written before the long work, not after it.
  std::vector<std::string> made_files;
  for (const char* form : {"lib{}.so", "lib{}.a", "{}.h", "{}.weights", "{}.json"}) {
    made_files.push_back(options.output_dir + "/" + fmt::format(fmt::runtime(form), library.name));
  }
  for (const std::string& file : {options.depfile, options.tune}) {
    if (!file.empty()) made_files.push_back(file);
  }
  std::set<std::filesystem::path> places;
  for (const std::string& file : made_files) {
    if (const Result<> leaves = leaves_inputs(file, files); !leaves) return fail(leaves.failure());
    const bool alone = places.insert(std::filesystem::absolute(file).lexically_normal()).second;
    if (!alone) return usage_error(fmt::format("'{}' would be written twice; give each its own place", file));
  }
  const OutputFolder folder(options.output_dir);
  if (!folder.good()) return fail(folder.good().failure());
  if (measures) {
    const Result<> can = can_write(fmt::format("{}/lib{}.so", options.output_dir, library.name));
    if (!can) return fail(can.failure());
  }

  auto measuring = std::chrono::steady_clock::now();
  std::optional<MaxError> measured;
  const auto reach_error = [&]() -> std::optional<int> {
    if (options.max_error == 0) return std::nullopt;
    Diagnostics search(sources);
    Result<MaxError> reached = MaxError::reach(options.max_error, *network, lowering, library.name, library.kernels, search);
    if (!reached) return search.has_errors() ? report(search, invocation) : fail(reached.failure());
    measured = std::move(*reached);
    lowering.winograd_tile = measured->winograd_tile();
    return std::nullopt;
  };

  int status = done;
  const Target& target = *targets->front();
  std::optional<program::Tuning> tuning;
  if (!options.tuned.empty()) {
    tuning = read_tuning(options.tuned, target, diagnostics);
    if (!tuning) return report(diagnostics, invocation);
  } else if (!options.tune.empty()) {
    // Only a network that is exact enough is tuned. The changes by tuning are measured below.
    if (const std::optional<int> failed = reach_error()) return *failed;
    tuning = tune_to_file(options, *network, lowering, library.kernels, invocation, diagnostics, status);
    if (!tuning) return status != done ? status : report(diagnostics, invocation);
  }
  if (tuning) lowering.tuned = &*tuning;
  if (const std::optional<int> failed = reach_error()) return *failed;
  double measured_for = seconds_since(measuring);

  PhaseObserver observer(options.print_ir_after, options.dump_phases_to, targets->size() > 1, sources);
  if (!options.print_ir_after.empty() || !options.dump_phases_to.empty()) {
    observer.start(*source);
    lowering.after_pass = [&](const auto& pass, const auto& ir, bool changed, const auto* target) {
      observer.after_pass(pass, ir, changed, target);
    };
  }
  if (!options.stop_after.empty())
    return write_stopped(options, library.name, std::move(*source), lowering, observer, invocation, diagnostics);
  auto lowered = lower(*source, lowering, diagnostics);
  if (lowered && tuning) warn_of_unused(*tuning, *lowered, target, diagnostics);
  status = report(diagnostics, invocation);
  if (status != done) return status;
  if (!lowered) return fail(first_failure(diagnostics));
  if (!observer.written()) return fail(observer.written().failure());

  if (!options.only.empty()) why = passes::part_fault(options.only, lowered->read(), lowered->programs.front());
  if (!why.empty()) return usage_error("--only " + why);

  library.depends_on_values = lowered->depends_on_values;
  auto writing = std::chrono::steady_clock::now();
  double kernels_done = 0;
  Progress progress("compiling kernels");
  library.kernels.progress = [&](size_t count, size_t all) {
    progress.update(count, all);
    kernels_done = seconds_since(writing);
  };
  Diagnostics late(sources);  // the earlier diagnostics have been printed
  library.warn = [&](std::string text) { late.warning({sources.named(checkpoint), 0, 0, 0}, std::move(text)); };
  Result<std::vector<std::string>> written = codegen::write_library(lowered->programs, library);
  progress.finish();
  report(late, invocation);
  if (!written) return fail(written.failure());

  const std::string packed = fmt::format("{}/{}.weights", options.output_dir, library.name);
  if (!weights && codegen::has_other_weights(packed, lowered->programs)) {
    say(fmt::format("resnetc: warning: '{}' does not belong to this library: 'resnetc pack', or --weights, makes what does\n", packed));
  }
  if (!options.depfile.empty()) {
    if (const Result<> put = write_file(options.depfile, depfile_text(*written, files)); !put) return fail(put.failure());
  }
  const EmitOptions emitted{options.emit, options.only, options.output_dir, library.name, options.jobs};
  if (const Result<> put = emit(emitted, *lowered, *targets, sources, *written); !put) return fail(put.failure());
  if (options.opt_report) {
    fmt::print("{}\n", opt_report(*lowered, *targets, sources));
    if (measured) fmt::print("{}\n", measured->report());
  }
  if (options.time_passes) {
    std::vector<passes::PassTime> times{{"frontend", loading}};
    if (measures) times.push_back({options.tune.empty() ? "measuring errors" : "tuning", measured_for});
    times.insert(times.end(), lowered->times.begin(), lowered->times.end());
    times.push_back({"kernels", kernels_done});
    times.push_back({"packing and linking", seconds_since(writing) - kernels_done});
    say(time_report(times));
  }
  print_summary(*lowered, *targets, *written, seconds_since(start));
  if (measured) fmt::print("  {}\n", measured->summary());
  return done;
}

}  // namespace

void add_compile(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("compile", "compile a network to a library, its C header, weights and manifest");
  auto options = std::make_shared<CompileOptions>();
  add_network_options(*command, options->network, "the network's text, or IR that resnetc printed, of any level");
  command->add_option("-o", options->output_dir, "where the artefacts go (the current folder)")->type_name("DIR");
  const auto not_empty = [](const std::string& text) { return text.empty() ? "is empty" : ""; };
  command->add_option("--name", options->name, "file names and symbol prefix instead of the network's name")
      ->type_name("NAME")
      ->check(not_empty);
  command->add_option("--depfile", options->depfile, "write a rule for make that lists the files read")->type_name("FILE");
  add_checkpoint_options(*command, options->checkpoint, "a checkpoint to pack; without it, 'resnetc pack' does so later");
  command->add_flag("--embed-weights", options->embed_weights, "put the packed weights into the library, and write no NET.weights");
  command->add_flag("--keep-denormals", options->keep_denormals, keep_denormals_in_weights);
  command->add_flag(
      "--no-winograd", options->no_winograd,
      "sum every convolution directly, without Winograd's transforms and Strassen's products: slower, and a little more exact");
  command->add_option("--max-error", options->max_error, "the largest error allowed, over the largest output: it is measured")
      ->type_name("E")
      ->check([](const std::string& text) {  // written so that a NaN is refused too
        double error = 0;
        return CLI::detail::lexical_cast(text, error) && error > 0 && std::isfinite(error) ? std::string() : "needs a number above 0";
      });
  command->add_option("--tune", options->tune, "measure other schedules on this machine, write the faster ones to FILE and use them")
      ->type_name("FILE")
      ->check(not_empty);
  command->add_option("--tune-seconds", options->tune_seconds, fmt::format("seconds that --tune takes, about ({:g})", default_tune_seconds))
      ->type_name("S")
      ->check([](const std::string& text) {  // written so that a NaN is refused too
        double s = 0;
        return CLI::detail::lexical_cast(text, s) && s >= 0 && s <= 86400 ? std::string() : "needs seconds from 0 to 86400";
      });
  command->add_option("--tuned", options->tuned, "use the schedules that --tune wrote")->type_name("FILE")->check(not_empty);
  add_target_options(*command, options->target, Wanted::targets);
  add_schedule_batch(*command, "--batch", options->batch, "for cuda: choose schedules for runs of N pictures (32)");
  command->add_option("--emit", options->emit, "also write " + emit_names())
      ->type_name("KIND[,KIND...]")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--only", options->only, "let --emit write only this layer, block or stage")->type_name("LAYER")->check(not_empty);
  add_disable_pass(*command, options->disabled);
  command->add_option("--stop-after", options->stop_after, "write the IR after this pass to NAME.LEVEL, and no library")->type_name("PASS");
  command->add_option("--print-ir-after", options->print_ir_after, "print the IR on stderr after a pass, after all, or where it changed")
      ->type_name("PASS|all|change");
  command->add_option("--dump-phases-to", options->dump_phases_to, "write the IR after each pass to a numbered file")
      ->type_name("DIR")
      ->check(not_empty);
  command->add_flag("--opt-report", options->opt_report, "print what the passes did to each layer, and why not more");
  command->add_flag("--time-passes", options->time_passes, "print on stderr the times of each pass, of kernels and of linking");
  command->add_flag("--no-cache", options->no_cache, "compile every kernel anew and keep none");
  command->add_option("--cache-dir", options->cache_dir, "where compiled kernels are kept ($XDG_CACHE_HOME/resnetc)")
      ->type_name("DIR")
      ->check(not_empty);
  command->add_option("-j,--jobs", options->jobs, "kernels compiled at once (one for each processor)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  std::string kinds = "Kinds of --emit:\n";
  for (const EmitKind& kind : emit_kinds()) kinds += fmt::format("  {:<17} {:<18} {}\n", kind.name, kind.files, kind.description);
  command->footer(kinds);
  command->callback([&invocation, options] { invocation.action = [&invocation, options] { return compile(*options, invocation); }; });
}

}  // namespace resnetc::driver
