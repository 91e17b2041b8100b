/// \file `resnetc compile`: compiles a network to a library, its header, its weights and its manifest.

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "codegen/interface.h"
#include "codegen/library.h"
#include "driver/artefacts.h"
#include "driver/calibration_data.h"
#include "driver/checkpoint.h"
#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/compile_options.h"
#include "driver/emit.h"
#include "driver/float_layers.h"
#include "driver/ir_format.h"
#include "driver/lowering.h"
#include "driver/max_error.h"
#include "driver/model.h"
#include "driver/network_input.h"
#include "driver/phases.h"
#include "driver/trial.h"
#include "driver/tune.h"
#include "driver/tuned.h"
#include "passes/lineage.h"
#include "support/temp_dir.h"

namespace resnetc::driver {
namespace {

using Clock = std::chrono::steady_clock;

void print_files(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    std::error_code error;
    uint64_t size = std::filesystem::file_size(path, error);
    fmt::print("  {}{}\n", path, error ? "" : fmt::format("  {}", human_bytes(size)));
  }
}

void print_summary(const Lowered& lowered, const std::vector<std::string>& written, double seconds) {
  const program::Program& program = lowered.programs.front();
  int64_t operations = 0;
  for (const auto& kernel : program.kernels) operations += kernel.multiply_adds;
  std::string names;
  for (const program::Program& each : lowered.programs) names += (names.empty() ? "" : ", ") + label(each);
  fmt::print("{}: {} kernels, {} multiply-adds, {} of memory a picture, for {}; {:.2f} s\n", program.name, program.kernels.size(),
             grouped(operations), human_bytes(static_cast<uint64_t>(program.arena_bytes)), names, seconds);
  print_files(written);
}

/// The directory of the cache; empty for no cache.
std::string cache_dir(const CompileOptions& options) {
  return options.no_cache ? "" : options.cache_dir.empty() ? codegen::default_cache_dir() : options.cache_dir;
}

/// The exit status of a command that ends here; nothing if the command goes on.
using Ended = std::optional<int>;

/// A run of the command, step by step. A step ends the command where it fails.
class Compilation {
 public:
  Compilation(const CompileOptions& options, const Invocation& invocation) : options_(options), invocation_(invocation) {}

  int run() {
    for (const auto step : {&Compilation::check_options, &Compilation::read, &Compilation::read_weights, &Compilation::prepare_library,
                            &Compilation::make_room, &Compilation::measure, &Compilation::watch_passes, &Compilation::stop_early,
                            &Compilation::lower_network, &Compilation::write, &Compilation::write_beside}) {
      if (const Ended ended = (this->*step)()) return *ended;
    }
    print_reports();
    return done;
  }

 private:
  Ended check_options() {
    if (std::string fault = option_fault(options_); !fault.empty()) return usage_error(fault);
    return is_model(options_.network.path) ? std::nullopt : choose_targets();
  }

  Ended read() {
    auto loaded = load_any(options_.network, options_.output_dir, diagnostics_, files_);
    loading_ = seconds_since(start_);
    if (!loaded) return report(diagnostics_, invocation_);
    source_ = std::move(loaded->ir);
    model_ = std::move(loaded->model);
    // A quantized model is computed with integers, for which other targets are best.
    if (const Ended ended = model_ ? choose_targets() : std::nullopt) return ended;
    if (std::string fault = input_fault(options_, *source_, goals_); !fault.empty()) return usage_error(fault);
    // A program is for its own target.
    if (const auto* program = std::get_if<program::Program>(&*source_)) goals_.each = {{program->target}};
    return std::nullopt;
  }

  Ended choose_targets() {
    options_.precision = options_.precision.with(model_);
    if (std::string fault = options_.precision.fault(); !fault.empty()) return usage_error(fault);
    if (std::string fault = data_fault(options_); !fault.empty()) return usage_error(fault);
    Result<Goals> named = options_.target.goals(diagnostics_, options_.precision.arithmetic());
    if (!named) return report_or_fail(diagnostics_, invocation_, named.failure());
    goals_ = std::move(*named);
    if (std::string fault = target_fault(options_, goals_.targets()); !fault.empty()) return usage_error(fault);
    return std::nullopt;
  }

  Ended read_weights() {
    const bool given = has_weights(options_.checkpoint, model_);
    if (!given && !options_.embed_weights) return std::nullopt;
    Diagnostics first(sources_);  // separate, because the passes run again below, and each mistake must be reported once
    const auto tensors = tensors_of(*source_, first);
    if (!tensors) return report(first, invocation_);
    if (!given) {
      if (tensors->empty()) return std::nullopt;
      return usage_error("--embed-weights needs --weights: the network reads a checkpoint");
    }
    if (!model_) files_.push_back(options_.checkpoint.path);
    weights_ =
        open_weights(options_.checkpoint, options_.network, model_, *tensors, level_of(*source_) == passes::Level::topology, diagnostics_);
    if (!weights_) return report(diagnostics_, invocation_);
    return std::nullopt;
  }

  Ended prepare_library() {
    lowering_.goals = goals_.each;
    lowering_.weights = weights_.get();
    if (options_.no_winograd) lowering_.winograd_tile = 0;
    std::optional<Precision> precision = options_.precision.read(*source_, diagnostics_);
    if (!precision) return report(diagnostics_, invocation_);
    lowering_.precision = std::move(*precision);
    if (options_.batch) lowering_.batch = *options_.batch;
    lowering_.disabled = options_.disabled;
    library_.output_dir = options_.output_dir;
    library_.name = options_.network.name.empty() ? passes::name_of(*source_) : options_.network.name;
    if (const std::string fault = options_.stop_after.empty() ? codegen::name_fault(library_.name) : ""; !fault.empty()) {
      return fail({fmt::format("this cannot be a library's name: {}; --name gives another", fault)});
    }
    library_.weights = weights_.get();
    library_.embed_weights = options_.embed_weights;
    library_.keep_denormals = options_.keep_denormals;
    library_.kernels.cache_dir = cache_dir(options_);
    library_.kernels.jobs = options_.jobs;
    if (!options_.cache_dir.empty()) {
      std::error_code error;
      std::filesystem::create_directories(options_.cache_dir, error);
      if (error) return fail({fmt::format("cannot keep kernels in '{}': {}", options_.cache_dir, error.message())});
    }
    if (measures() && library_.kernels.cache_dir.empty()) library_.kernels.cache_dir = own_cache_.emplace().path();
    return std::nullopt;
  }

  /// What cannot be written is said before the long work, not after it.
  Ended make_room() {
    for (const std::string& read : {options_.tuned, options_.target.machine, options_.precision.ranges}) {
      if (!read.empty()) files_.push_back(read);
    }
    std::vector<std::string> others{options_.depfile, options_.tune};
    if (model_) imported_ = files_of(*model_, options_.output_dir);
    if (model_) others.insert(others.end(), {imported_.text_path, imported_.weights_path, imported_.ranges_path});
    const Result<> fit = places_fit(options_.output_dir, library_.name, others, files_);
    if (!fit) return fail(fit.failure());
    if (!folder_.emplace(options_.output_dir).good()) return fail(folder_->good().failure());
    if (const Result<> may = may_write_model(imported_, options_.force); !may) return fail(may.failure());
    if (!measures()) return std::nullopt;
    const Result<> can = can_write(fmt::format("{}/lib{}.so", options_.output_dir, library_.name));
    if (!can) return fail(can.failure());
    return std::nullopt;
  }

  /// Tuned schedules, and how exact the algorithms may be. For both the network is lowered again and again.
  Ended measure() {
    const Clock::time_point measuring = Clock::now();
    Ended ended;
    if (!options_.tuned.empty()) {
      tuning_ = read_tuning(options_.tuned, goals_.front(), diagnostics_);
      if (!tuning_) ended = report(diagnostics_, invocation_);
    } else if (!options_.tune.empty()) {
      // Only a network that is exact enough is tuned. The changes by tuning are measured below.
      ended = reach_error();
      if (!ended) ended = tune_to_file();
    }
    if (ended) return ended;
    if (tuning_) lowering_.tuned = &*tuning_;
    ended = reach_error();
    measured_for_ = seconds_since(measuring);
    return ended;
  }

  /// --max-error: limits the algorithms as far as that takes, or leaves layers in float.
  Ended reach_error() {
    if (options_.max_error == 0 || float_layers_) return std::nullopt;
    Diagnostics search(sources_);
    if (options_.precision.integers()) {
      constexpr size_t most = 4;  // the interpreter takes seconds for a picture of a large network
      const InputBuffer& input = network().input.buffer;
      Result<std::string> bytes = some_pictures(options_.data, options_.pictures, network().name, input, most);
      if (!bytes) return fail(bytes.failure());
      std::vector<Values> pictures = pictures_of(input, std::move(*bytes)).planar;
      Result<FloatLayers> chosen = FloatLayers::reach(options_.max_error, network(), lowering_, std::move(pictures), search);
      if (!chosen) return search.has_errors() ? report(search, invocation_) : fail(chosen.failure());
      float_layers_ = std::move(*chosen);
      lowering_.precision.keep_float.merge(float_layers_->kept());
      return std::nullopt;
    }
    Result<MaxError> reached = MaxError::reach(options_.max_error, network(), lowering_, library_.name, library_.kernels, search);
    if (!reached) return search.has_errors() ? report(search, invocation_) : fail(reached.failure());
    measured_ = std::move(*reached);
    lowering_.winograd_tile = measured_->winograd_tile();
    return std::nullopt;
  }

  /// --tune: measures, writes the file, and reads it as --tuned would: what is compiled depends on what it says.
  Ended tune_to_file() {
    Diagnostics first(sources_);  // separate, because the passes run again below, and each mistake must be reported once
    if (!plain_graph(network(), first)) return report(first, invocation_);
    if (const Result<> can = can_write(options_.tune); !can) return fail(can.failure());
    if (const std::string note = tune_note(goals_.front()); !note.empty()) say("resnetc: note: " + note + "\n");
    const double seconds = options_.tune_seconds.value_or(default_tune_seconds);
    const Result<program::Tuning> found = tune(network(), lowering_, seconds, library_.kernels, sources_);
    if (!found) return fail(found.failure());
    const std::string text = program::print(*found);
    if (const Result<> written = write_file(options_.tune, text); !written) return fail(written.failure());
    fmt::print("{} tuned {}: {}\n", found->kernels.size(), found->kernels.size() == 1 ? "kernel" : "kernels", found->reason);
    tuning_ = program::parse_tuning(sources_.add(options_.tune, text), diagnostics_);
    if (!tuning_) return report(diagnostics_, invocation_);
    return std::nullopt;
  }

  /// Shows the IR between passes from now on: measuring is over.
  Ended watch_passes() {
    observer_.emplace(options_.print_ir_after, options_.dump_phases_to, goals_.each.size() > 1, sources_);
    if (options_.print_ir_after.empty() && options_.dump_phases_to.empty()) return std::nullopt;
    observer_->start(*source_);
    lowering_.after_pass = [this](const passes::PassRun& run) { observer_->after_pass(run); };
    return std::nullopt;
  }

  /// For --stop-after: writes the IR instead of a library.
  Ended stop_early() {
    if (options_.stop_after.empty()) return std::nullopt;
    const auto stopped = lower_until(options_.stop_after, std::move(*source_), lowering_, diagnostics_);
    if (const Ended ended = after_passes(stopped.has_value())) return ended;
    const std::string path = fmt::format("{}/{}.{}", options_.output_dir, library_.name, level_name(level_of(*stopped)));
    if (const Result<> leaves = leaves_inputs(path, {options_.network.path}); !leaves) return fail(leaves.failure());
    if (const Result<> written = write_file(path, passes::print(*stopped, sources_)); !written) return fail(written.failure());
    if (const Ended ended = keep_model()) return ended;
    fmt::print("{}  as '{}' leaves it\n", path, options_.stop_after);
    print_files(written_);
    return done;
  }

  Ended lower_network() {
    lowered_ = lower(*source_, lowering_, diagnostics_);
    if (lowered_ && tuning_) warn_of_unused(*tuning_, *lowered_, *goals_.front().target, diagnostics_);
    if (const Ended ended = after_passes(lowered_.has_value())) return ended;
    if (options_.only.empty()) return std::nullopt;
    const std::string fault = passes::part_fault(options_.only, lowered_->read(), lowered_->programs.front());
    if (!fault.empty()) return usage_error("--only " + fault);
    return std::nullopt;
  }

  /// Reports what the passes said. Ends the command if they failed, or if their dumps could not be written.
  Ended after_passes(bool good) {
    if (const int status = report(diagnostics_, invocation_); status != done) {
      if (model_) say(fmt::format("resnetc: note: '{}' is not kept; 'resnetc import' writes it\n", imported_.text_path));
      return status;
    }
    if (!good) return fail(first_failure(diagnostics_));
    if (!observer_->written()) return fail(observer_->written().failure());
    return std::nullopt;
  }

  Ended write() {
    writing_ = Clock::now();
    Progress progress("compiling kernels");
    Diagnostics late(sources_);  // the earlier diagnostics have been printed
    codegen::LibraryOptions options = library_;
    options.depends_on_values = lowered_->depends_on_values;
    options.kernels.progress = [&](size_t count, size_t all) {
      progress.update(count, all);
      kernels_for_ = seconds_since(writing_);
    };
    const FileId values = sources_.named(weights_ ? weights_->name() : options_.network.path);  // constants may need no weights
    options.warn = [&](std::string text) { late.warning({values, 0, 0, 0}, std::move(text)); };
    Result<std::vector<std::string>> written = codegen::write_library(lowered_->programs, options);
    progress.finish();
    report(late, invocation_);
    if (!written) return fail(written.failure());
    written_ = std::move(*written);
    return keep_model();
  }

  /// Writes a model's text and weights. They come last, so that a command that fails leaves none.
  Ended keep_model() {
    if (const Result<> put = write_model(imported_, options_.force); !put) return fail(put.failure());
    for (const NewFile& file : imported_.files) written_.push_back(file.path);
    return std::nullopt;
  }

  /// What is written beside the library.
  Ended write_beside() {
    const std::string packed = fmt::format("{}/{}.weights", options_.output_dir, library_.name);
    if (!weights_ && codegen::has_other_weights(packed, lowered_->programs)) {
      say(fmt::format("resnetc: warning: '{}' does not belong to this library: 'resnetc pack', or --weights, makes what does\n", packed));
    }
    if (!options_.depfile.empty()) {
      if (const Result<> put = write_file(options_.depfile, depfile_text(written_, files_)); !put) return fail(put.failure());
    }
    const EmitOptions emitted{options_.emit, options_.only, options_.output_dir, library_.name, options_.jobs};
    if (const Result<> put = emit(emitted, *lowered_, sources_, written_); !put) return fail(put.failure());
    return std::nullopt;
  }

  void print_reports() {
    if (options_.opt_report) {
      fmt::print("{}\n", opt_report(*lowered_, sources_));
      if (measured_) fmt::print("{}\n", measured_->report());
      if (float_layers_) fmt::print("{}\n", float_layers_->report());
    }
    if (options_.time_passes) {
      std::vector<passes::PassTime> times{{"frontend", loading_}};
      if (measures()) times.push_back({options_.tune.empty() ? "measuring errors" : "tuning", measured_for_});
      times.insert(times.end(), lowered_->times.begin(), lowered_->times.end());
      times.push_back({"kernels", kernels_for_});
      times.push_back({"packing and linking", seconds_since(writing_) - kernels_for_});
      say(time_report(times));
    }
    print_summary(*lowered_, written_, seconds_since(start_));
    if (measured_) fmt::print("  {}\n", measured_->summary());
    if (float_layers_) fmt::print("  {}\n", float_layers_->summary());
  }

  bool measures() const { return options_.max_error != 0 || !options_.tune.empty(); }
  /// What was read, where options ask for a network's text.
  const topology::Network& network() const { return std::get<topology::Network>(*source_); }

  CompileOptions options_;  ///< with what the model says of its own precision
  const Invocation& invocation_;
  Clock::time_point start_ = Clock::now();
  Sources sources_;
  Diagnostics diagnostics_{sources_};
  Goals goals_;
  std::vector<std::string> files_;  ///< that were read
  std::optional<passes::AnyIr> source_;
  std::optional<importer::Imported> model_;
  std::unique_ptr<codegen::Safetensors> weights_;
  LoweringOptions lowering_;
  codegen::LibraryOptions library_;
  std::optional<TempDir> own_cache_;  ///< what was measured is what is written: kernels are kept for so long, even with --no-cache
  std::optional<OutputFolder> folder_;
  std::optional<MaxError> measured_;
  std::optional<FloatLayers> float_layers_;
  std::optional<program::Tuning> tuning_;
  std::optional<PhaseObserver> observer_;
  std::optional<Lowered> lowered_;
  ModelFiles imported_;                                      ///< what the model became
  std::vector<std::string> written_;                         ///< paths
  double loading_ = 0, measured_for_ = 0, kernels_for_ = 0;  ///< seconds saved
  Clock::time_point writing_;
};

}  // namespace

void add_compile(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("compile", "compile a network to a library, its C header, weights and manifest");
  auto options = std::make_shared<CompileOptions>();
  add_compile_options(command, *options);
  command.callback(
      [&invocation, options] { invocation.action = [&invocation, options] { return Compilation(*options, invocation).run(); }; });
}

}  // namespace resnetc::driver
