/// \file `resnetc explain`: shows a network's compilation on one page.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "driver/calibration_data.h"
#include "driver/checkpoint.h"
#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/lowering.h"
#include "driver/measure.h"
#include "driver/model.h"
#include "driver/network_input.h"
#include "driver/noise.h"
#include "driver/phases.h"
#include "driver/picture_input.h"
#include "driver/precision_options.h"
#include "driver/target_options.h"
#include "driver/trial.h"
#include "inspect/report.h"
#include "ir/algorithms/gpu_model.h"

namespace resnetc::driver {
namespace {

struct ExplainOptions {
  NetworkOptions network;
  std::string output;
  CheckpointOptions checkpoint;
  TargetOptions target;
  std::string profile;
  bool copy_weights = false;
  std::vector<std::string> disabled;
  bool no_winograd = false;
  PrecisionOptions precision;
  std::string data;  ///< pictures for the noise of each layer; empty: it is not measured
  PictureOptions pictures;
  int jobs = 0;
};

/// Why --data does not fit the other options; empty if it does.
std::string data_fault(const ExplainOptions& options, const PrecisionOptions& precision, bool with_weights) {
  if (std::string fault = data_options_fault(options.data, options.pictures); options.data.empty() || !fault.empty()) return fault;
  if (precision.given().empty()) return "--data is for the noise that --precision or --weights-precision adds";
  return with_weights ? "" : "--data measures noise, which needs the network's weights: --weights";
}

/// The noise of each value over a few of the pictures of --data, as remarks of the pass that rounds.
Result<std::vector<passes::Remark>> noise_remarks(const ExplainOptions& options, const graph::Graph& exact, const graph::Graph& narrow,
                                                  const WeightSource& weights) {
  constexpr size_t most_pictures = 4;
  Result<std::string> bytes = some_pictures(options.data, options.pictures, exact.name, exact.input, most_pictures);
  if (!bytes) return bytes.failure();
  const Pictures pictures = pictures_of(exact.input, std::move(*bytes));
  const auto has = [&](ElementType element) {
    return std::any_of(narrow.ops.begin(), narrow.ops.end(), [&](const graph::Op& op) { return op.type.element == element; });
  };
  const char* const pass = has(ElementType::u8) ? "quantize" : has(ElementType::bf16) ? "narrow-values" : "narrow-weights";
  std::vector<passes::Remark> remarks;
  for (const LayerNoise& layer : measure_noise(exact, narrow, weights, pictures)) {
    remarks.push_back({pass, layer.name,
                       fmt::format("signal to noise {}, against float64, over {} pictures", layer.noise.text(), pictures.planar.size()),
                       layer.at});
  }
  return remarks;
}

/// The number of pictures for which the model of ir/algorithms/gpu_model.h gives the expected seconds of a run.
constexpr int64_t expected_batch = 32;

inspect::Times expected_times(const program::Program& program) {
  const program::Gpu& gpu = program::a100();
  inspect::Times times{fmt::format("expected on an {} for {} pictures, by a model", gpu.name, expected_batch), {}, 0};
  for (const program::Kernel& kernel : program.kernels) {
    const program::KernelSpec spec = program::spec_of(program, kernel);
    const double seconds = program::predicted_seconds(gpu, spec, expected_batch);
    const double least = program::roofline_seconds(gpu, spec, kernel.multiply_adds, expected_batch);
    const double moving = program::memory_bytes(spec, expected_batch) / gpu.memory_bandwidth;
    times.kernels.push_back({seconds * 1e3, moving >= least ? "memory" : "arithmetic", seconds > 0 ? least / seconds : 0});
  }
  return times;
}

/// Checks that the library belongs to this program: that its kernels have the same work, memory traffic and schedules.
Result<> is_of_program(const LoadedLibrary& library, const std::string& path, const program::Program& program) {
  const auto& targets = library.facts().targets;
  const auto own = std::find_if(targets.begin(), targets.end(), [&](const auto& known) { return known.label() == label(program); });
  if (own == targets.end()) {
    return Failure{fmt::format("'{}' has nothing for {}: --target and --cpu name what it was compiled for", path, label(program)),
                   Blame::command};
  }
  const auto same = [&](const codegen::LibraryFacts::Kernel& a, const program::Kernel& b) {
    return a.name == b.name && a.kind == program::to_string(b.kind) && a.algorithm == program::algorithm_of(b) &&
           a.multiply_adds == b.multiply_adds && a.cost == program::cost_of(program, b) &&
           (a.schedule.empty() || a.schedule == codegen::schedule_text(b.schedule));
  };
  if (std::equal(own->kernels.begin(), own->kernels.end(), program.kernels.begin(), program.kernels.end(), same)) return {};
  return Failure{fmt::format("'{}' was compiled from another network, or with other options: its kernels are not those of this one", path)};
}

Result<inspect::Times> measured_times(const LoadedLibrary& library, const std::string& path, const program::Program& program,
                                      bool copy_weights) {
  MeasureOptions how;
  how.copy_weights = copy_weights;
  how.target = exact_label(program);
  how.layers = true;
  how.seconds = 1;
  const Result<Measurement> measured = measure(library, path, how);
  if (!measured) return measured.failure();
  inspect::Times times{
      fmt::format("measured on {} with {} {}", label(program), measured->threads, measured->threads == 1 ? "thread" : "threads"),
      {},
      measured->timing.median_ms};
  const std::vector<codegen::LibraryFacts::Kernel>& kernels = library.target(measured->target).kernels;
  for (size_t k = 0; k < measured->kernel_ms.size(); ++k) {
    const Roof roof = roof_of(kernels[k].cost, measured->machine, 1, measured->kernel_ms[k]);
    times.kernels.push_back({measured->kernel_ms[k], roof.name, roof.share});
  }
  return times;
}

int explain(const ExplainOptions& options, const Invocation& invocation) {
  Sources sources;
  Diagnostics diagnostics(sources);
  std::optional<Loaded<topology::Network>> loaded;  // a model says with which precision it is computed; a text is read later
  if (is_model(options.network.path) && !(loaded = load_input(options.network, diagnostics))) return report(diagnostics, invocation);
  const PrecisionOptions precision_options = options.precision.with(loaded ? loaded->model : std::nullopt);
  if (const std::string unfit = precision_options.fault(); !unfit.empty()) return usage_error(unfit);
  const Result<Goals> goals = options.target.goals(diagnostics, precision_options.arithmetic());
  if (!goals) return report_or_fail(diagnostics, invocation, goals.failure());
  const Target* target = goals->front().target;
  const std::string fault = cpu_option_fault({{options.no_winograd, "--no-winograd chooses among algorithms of the CPU"},
                                              {!precision_options.given().empty(), precision_options.for_cpus()}},
                                             {target});
  if (!fault.empty()) return usage_error(fault);
  if (options.copy_weights && options.profile.empty()) return usage_error("--copy-weights is for the library that --profile measures");
  std::unique_ptr<LoadedLibrary> library;
  if (!options.profile.empty()) {
    library = LoadedLibrary::open(options.profile, diagnostics);
    if (!library) return report(diagnostics, invocation);
  }
  if (!loaded && !(loaded = load_input(options.network, diagnostics))) return report(diagnostics, invocation);
  topology::Network* network = &loaded->ir;
  const std::string output = options.output.empty() ? network->name + ".html" : options.output;
  const Result<> leaves = leaves_inputs(output, {options.network.path, options.checkpoint.path, options.profile});
  if (!leaves) return fail(leaves.failure());
  if (const Result<> can = can_write(output); !can) return fail(can.failure());
  std::unique_ptr<codegen::Safetensors> weights;
  if (has_weights(options.checkpoint, loaded->model)) {
    Diagnostics first(sources);  // separate, because the passes run again below, and each mistake must be reported once
    const auto tensors = tensors_of(*network, first);
    if (!tensors) return report(first, invocation);
    weights = open_weights(options.checkpoint, options.network, loaded->model, *tensors, true, diagnostics);
    if (!weights) return report(diagnostics, invocation);
  }

  inspect::Compilation compilation;
  compilation.title = network->name;
  compilation.version = RESNETC_VERSION;
  compilation.phases.push_back({"frontend", "the text, every name and parameter resolved", "", *network, true, 0});
  LoweringOptions lowering;
  lowering.goals = goals->each;
  lowering.weights = weights.get();
  lowering.disabled = options.disabled;
  std::optional<Precision> precision = precision_options.read(*network, diagnostics);
  if (!precision) return report(diagnostics, invocation);
  lowering.precision = std::move(*precision);
  if (const std::string unfit = data_fault(options, precision_options, weights != nullptr); !unfit.empty()) return usage_error(unfit);
  std::optional<graph::Graph> exact;
  if (!options.data.empty()) {
    Diagnostics first(sources);  // as above
    if (!(exact = plain_graph(*network, first))) return report(first, invocation);
  }
  if (options.no_winograd) lowering.winograd_tile = 0;
  lowering.after_pass = [&](const passes::PassRun& run) { compilation.phases.push_back(inspect::phase_of(run)); };
  const auto lowered = lower(std::move(*network), lowering, diagnostics);
  if (const int status = report(diagnostics, invocation); status != done) return status;
  if (!lowered) return fail(first_failure(diagnostics));
  compilation.remarks = lowered->remarks;
  if (exact) {
    Result<std::vector<passes::Remark>> noise = noise_remarks(options, *exact, lowered->graph, *weights);
    if (!noise) return fail(noise.failure());
    compilation.remarks.insert(compilation.remarks.end(), noise->begin(), noise->end());
  }

  const program::Program& program = lowered->programs.front();
  compilation.target = goal_of(program);
  if (library) {
    if (const Result<> own = is_of_program(*library, options.profile, program); !own) return fail(own.failure());
  }
  std::vector<codegen::KernelJob> jobs;
  for (const program::Kernel& kernel : program.kernels) jobs.push_back({program::spec_of(program, kernel), program.target});
  std::vector<codegen::KernelText> kinds;
  for (const codegen::KernelTextInfo& kind : codegen::kernel_texts()) {
    // The conceptual statement repeats most of the lowered one and is as long, so the page leaves it out.
    if (kind.kind == codegen::KernelText::conceptual_stmt || (kind.gpu_only && !target->on_gpu())) continue;
    kinds.push_back(kind.kind);
    compilation.kinds.push_back({std::string(kind.name), std::string(kind.title), std::string(kind.description)});
  }
  codegen::KernelOptions how;
  how.jobs = options.jobs;
  Progress progress("compiling kernels");
  how.progress = [&](size_t count, size_t all) { progress.update(count, all); };
  auto code = codegen::texts_of(jobs, kinds, how);
  progress.finish();
  if (!code) return fail(code.failure());
  compilation.code = std::move(code->texts);
  compilation.code_of = std::move(code->index);

  if (library) {
    Result<inspect::Times> times = measured_times(*library, options.profile, program, options.copy_weights);
    if (!times) return fail(times.failure());
    compilation.times = std::move(*times);
  } else if (target->on_gpu()) {
    compilation.times = expected_times(program);
  }
  const std::string page = inspect::report(compilation, sources);
  if (const Result<> written = write_file(output, page); !written) return fail(written.failure());
  fmt::print(beside(output), "{}  {}: {} kernels, {} of them distinct\n", output, human_bytes(page.size()), program.kernels.size(),
             compilation.code.size());
  return done;
}

}  // namespace

void add_explain(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("explain", "a page that shows a network's compilation, from its text to its instructions");
  auto options = std::make_shared<ExplainOptions>();
  add_input_options(command, options->network);
  command.add_option("-o", options->output, "the page (NET.html)").type_name("FILE.html");
  add_checkpoint_options(command, options->checkpoint, "a checkpoint, for passes that look at values");
  add_target_options(command, options->target, Wanted::one_target);
  command.add_option("--profile", options->profile, "measure this library of the network, and show its kernels' times").type_name("LIB.so");
  command.add_flag("--copy-weights", options->copy_weights, "for --profile, as bench's");
  command.add_flag("--no-winograd", options->no_winograd, "as compile's");
  add_precision_options(command, options->precision);
  command.add_option("--data", options->data, "show the noise of each layer for a few of these pictures, as those of 'resnetc calibrate'")
      .type_name("DIR|X.npy");
  add_picture_options(command, options->pictures);
  add_disable_pass(command, options->disabled);
  command.add_option("-j,--jobs", options->jobs, "kernels compiled at once (one for each processor)").type_name("N").range(1, 1024);
  command.callback([&invocation, options] { invocation.action = [&invocation, options] { return explain(*options, invocation); }; });
}

}  // namespace resnetc::driver
