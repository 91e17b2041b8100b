/// \file `resnetc verify`: compiles a network, runs it, and compares every kernel's output with the reference interpreter's.

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "driver/calibration_data.h"
#include "driver/channel_sizes.h"
#include "driver/checkpoint.h"
#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/lowering.h"
#include "driver/measured_error.h"
#include "driver/model.h"
#include "driver/network_input.h"
#include "driver/noise.h"
#include "driver/observed.h"
#include "driver/precision_options.h"
#include "driver/table.h"
#include "driver/target_options.h"
#include "driver/trial.h"
#include "driver/tuned.h"

namespace resnetc::driver {
namespace {

struct VerifyOptions {
  NetworkOptions network;
  CheckpointOptions checkpoint;
  std::string tuned;
  TargetOptions target;
  std::optional<int64_t> for_batch;
  std::optional<int> batch;
  std::string data;
  PictureOptions pictures;
  int threads = 0;
  double tolerance = 1e-4;
  bool copy_weights = false;
  bool no_cache = false;
  std::vector<std::string> disabled;
  PrecisionOptions precision;
};

/// How a kernel's integers compare, and whether that is right.
std::string words_of(const IntegerError& error) {
  if (error.unequal == 0) return "equal";
  return fmt::format("{} of {} differ, by at most {:g}", error.unequal, error.elements, error.most);
}

/// Prints the table. Returns the number of kernels whose error is too large.
int print_table(const Observed& observed, const std::string& target, double tolerance) {
  int bad = 0, compared = 0, of_integers = 0, equal = 0;
  int far = 0;
  double worst = 0, worst_by_channel = 0;
  constexpr auto number = Table::Align::right;
  Table table({{"kernel"}, {"largest", number}, {"error", number}, {"by channel", number}, {""}});
  for (const auto& kernel : observed.kernels()) {
    if (kernel.compared && kernel.integers.elements != 0) {
      const bool right = is_right(kernel, tolerance);
      of_integers += 1;
      equal += kernel.integers.unequal == 0 ? 1 : 0;
      bad += right ? 0 : 1;
      table.add({kernel.name, "integers", words_of(kernel.integers), "", right ? "" : "wrong"});
      continue;
    }
    const MeasuredError& measured = kernel.measured;
    const double by_channel = measured.by_channel();
    const bool near = measured.error <= tolerance;
    const bool right = is_right(kernel, tolerance);
    compared += kernel.compared ? 1 : 0;
    bad += right ? 0 : 1;
    far += right ? 0 : 1;
    worst = std::max(worst, measured.error);
    worst_by_channel = std::max(worst_by_channel, by_channel);
    table.add({kernel.name, kernel.compared ? fmt::format("{:.4g}", measured.largest) : "",
               kernel.compared ? error_text(measured.error) : "", kernel.compared && by_channel > 0 ? error_text(by_channel) : "",
               !kernel.compared   ? "no whole layer: seen in what reads it"
               : right            ? measured.largest == 0 ? "all zero: this tests little" : ""
               : !measured.finite ? "not finite numbers"
               : near             ? "too far off for a channel"
                                  : "too far off"});
  }
  fmt::print("{}\n{}", target, table.str());
  if (of_integers != 0) fmt::print("{} of {} kernels make equal integers; ", equal, of_integers);
  fmt::print("{} of {} kernels within {:g} of the largest value; the worst is {}", compared - far, compared, tolerance, error_text(worst));
  if (worst_by_channel > 0) fmt::print(", and {} of a channel's own", error_text(worst_by_channel));
  fmt::print("\n\n");
  return bad;
}

bool has_narrow_values(const graph::Graph& graph) {
  return std::any_of(graph.ops.begin(), graph.ops.end(), [](const graph::Op& op) { return op.type.element != ElementType::f32; });
}

/// The graph with the weights that kernels read, and with its operations apart: how exact a channel can be is seen before it is added to
/// others and cut off.
std::optional<graph::Graph> with_narrow_weights(const topology::Network& network, LoweringOptions lowering, Diagnostics& diagnostics) {
  lowering.goals.clear();
  lowering.tuned = nullptr;
  lowering.disabled.insert(lowering.disabled.end(), fusing_passes.begin(), fusing_passes.end());
  std::optional<Lowered> lowered = lower(network, lowering, diagnostics);
  if (!lowered) return std::nullopt;
  return std::move(lowered->graph);
}

int verify(const VerifyOptions& options, const Invocation& invocation) {
  Sources sources;
  Diagnostics diagnostics(sources);
  if (const std::string unfit = data_options_fault(options.data, options.pictures); !unfit.empty()) return usage_error(unfit);
  std::optional<Loaded<topology::Network>> loaded;  // a model says with which precision it is computed; a text is read later
  if (is_model(options.network.path) && !(loaded = load_input(options.network, diagnostics))) return report(diagnostics, invocation);
  const PrecisionOptions precision_options = options.precision.with(loaded ? loaded->model : std::nullopt);
  if (const std::string unfit = precision_options.fault(); !unfit.empty()) return usage_error(unfit);
  const Result<Goals> goals = options.target.goals(diagnostics, precision_options.arithmetic());
  if (!goals) return report_or_fail(diagnostics, invocation, goals.failure());
  const Targets targets = goals->targets();
  const bool gpu = targets.front()->on_gpu();
  if (options.for_batch && !gpu) return usage_error("--for-batch is for --device cuda: on the CPU the schedules serve any batch");
  std::string fault = cpu_option_fault({{!options.tuned.empty(), "--tuned names schedules of the CPU"}}, targets);
  if (fault.empty() && !options.tuned.empty()) fault = tuned_targets_fault(targets);
  if (fault.empty()) fault = cpu_option_fault({{!precision_options.given().empty(), precision_options.for_cpus()}}, targets);
  if (!fault.empty()) return usage_error(fault);
  if (!loaded && !(loaded = load_input(options.network, diagnostics))) return report(diagnostics, invocation);
  const topology::Network& network = loaded->ir;
  Diagnostics first(sources);  // separate, because the passes run again below, and each mistake must be reported once
  auto graph = plain_graph(network, first);
  if (!graph) return report(first, invocation);

  GeneratedWeights generated;
  std::unique_ptr<codegen::Safetensors> checkpoint;
  if (has_weights(options.checkpoint, loaded->model)) {
    checkpoint = open_weights(options.checkpoint, options.network, loaded->model, graph::checkpoint_tensors(*graph), true, diagnostics);
    if (!checkpoint) return report(diagnostics, invocation);
  }
  const WeightSource& weights = checkpoint ? static_cast<const WeightSource&>(*checkpoint) : generated;

  std::optional<program::Tuning> tuning;
  if (!options.tuned.empty()) {
    tuning = read_tuning(options.tuned, goals->front(), diagnostics);
    if (!tuning) return report(diagnostics, invocation);
  }
  LoweringOptions lowering;
  lowering.goals = goals->each;
  lowering.weights = checkpoint.get();
  if (tuning) lowering.tuned = &*tuning;
  if (options.for_batch) lowering.batch = *options.for_batch;
  lowering.disabled = options.disabled;
  std::optional<Precision> precision = precision_options.read(network, diagnostics);
  if (!precision) return report(diagnostics, invocation);
  lowering.precision = std::move(*precision);
  auto lowered = lower(network, lowering, diagnostics);
  if (lowered && tuning) warn_of_unused(*tuning, *lowered, *targets.front(), diagnostics);
  int status = report(diagnostics, invocation);
  if (status != done) return status;
  if (!lowered) return fail(first_failure(diagnostics));

  codegen::KernelOptions kernels;
  kernels.cache_dir = options.no_cache ? "" : codegen::default_cache_dir();
  const Result<std::unique_ptr<Trial>> made = Trial::make(*lowered, network.name, weights, std::move(kernels));
  if (!made) return fail(made.failure());
  const Trial& trial = **made;
  Pictures pictures;
  if (options.data.empty()) {
    pictures = trial.pictures(options.batch.value_or(1));
  } else {
    const InputBuffer& input = network.input.buffer;
    Result<std::string> bytes =
        some_pictures(options.data, options.pictures, network.name, input, static_cast<size_t>(options.batch.value_or(4)));
    if (!bytes) return fail(bytes.failure());
    pictures = pictures_of(input, std::move(*bytes));
  }
  const auto batch = static_cast<int>(pictures.planar.size());
  // Kernels are compared with what they are to compute. With narrow weights that is not the network as it was written.
  const bool rounds = has_narrow_values(lowered->graph), narrow = !rounds && lowering.precision.weights != ElementType::f32;
  std::optional<graph::Graph> rounded;
  if (narrow) rounded = with_narrow_weights(network, lowering, diagnostics);
  if (narrow && !rounded) return report(diagnostics, invocation);
  const graph::Graph& reference = rounds ? lowered->graph : narrow ? *rounded : *graph;
  int bad = 0;
  for (const Goal& goal : goals->each) {
    const std::string label = goal.label();
    const Result<std::unique_ptr<Session>> session = trial.session(goal.exact_label(), batch, options.threads, options.copy_weights);
    if (!session) return fail({fmt::format("{}: {}", label, session.failure().text), session.failure().blame});
    Observed observed;
    observed.watch(**session);
    const Result<> ran = (*session)->run(pictures.bytes);
    if (!ran) return fail({fmt::format("{}: {}", label, ran.failure().text), ran.failure().blame});
    for (size_t k = 0; k < pictures.planar.size(); ++k) interpret_and_compare(reference, weights, pictures, k, rounds, observed);
    bad += print_table(observed, label, options.tolerance);
  }
  if (narrow || rounds) {
    const std::string what = precision_options.integers() ? "integers"
                             : rounds                     ? "values and weights of bf16"
                                                          : fmt::format("weights of {}", to_string(lowering.precision.weights));
    fmt::print("what {} cost, against float64\n{}", what, noise_table(measure_noise(*graph, reference, weights, pictures)));
  }
  return bad == 0 ? done : input_wrong;
}

}  // namespace

void add_verify(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("verify", "compile a network, run it, compare every kernel with the interpreter");
  auto options = std::make_shared<VerifyOptions>();
  add_input_options(command, options->network);
  add_checkpoint_options(command, options->checkpoint, "a checkpoint (generated weights, see docs/exactness.md)");
  command.add_option("--tuned", options->tuned, "use the schedules that 'resnetc compile --tune' wrote").type_name("FILE");
  add_target_options(command, options->target, Wanted::targets);
  command
      .add_option("--data", options->data,
                  "run these pictures, as those of 'resnetc calibrate' (generated ones, which ranges of real pictures do not fit)")
      .type_name("DIR|X.npy");
  add_picture_options(command, options->pictures);
  command.add_option("--batch", options->batch, "pictures in the run (1; at most 4 of --data)").type_name("N").range(1, 1024);
  add_schedule_batch(command, "--for-batch", options->for_batch,
                     "for cuda: choose schedules for runs of N pictures, as compile's --batch (32)");
  command.add_option("--threads", options->threads, "threads (one for each processor)").type_name("N").range(1, RN_MAX_THREADS);
  command
      .add_option("--tolerance", options->tolerance,
                  "the largest error allowed, relative to the largest value of all and of each channel (1e-4)")
      .type_name("E")
      .from_to(0, 1);
  command.add_flag("--copy-weights", options->copy_weights, copy_weights_in_runs);
  command.add_flag("--no-cache", options->no_cache, "compile every kernel anew and keep none");
  add_precision_options(command, options->precision);
  add_disable_pass(command, options->disabled);
  command.callback([&invocation, options] { invocation.action = [&invocation, options] { return verify(*options, invocation); }; });
}

}  // namespace resnetc::driver
