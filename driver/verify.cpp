/// \file `resnetc verify`: compiles a network, runs it, and compares every kernel's output with the reference interpreter's.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <span>

#include "driver/checkpoint.h"
#include "driver/common.h"
#include "driver/lowering.h"
#include "driver/measured_error.h"
#include "driver/table.h"
#include "driver/target_options.h"
#include "driver/tuned.h"

namespace resnetc::driver {
namespace {

struct VerifyOptions {
  NetworkOptions network;
  CheckpointOptions checkpoint;
  std::string tuned;
  TargetOptions target;
  std::optional<int64_t> for_batch;
  int batch = 1;
  int threads = 0;
  double tolerance = 1e-4;
  bool no_cache = false;
  std::vector<std::string> disabled;
};

/// What the library computed: each kernel's output, all pictures, planar.
struct Observed {
  struct Kernel {
    std::string name;
    std::vector<float> values;
    MeasuredError measured;
    bool compared = false;
  };
  std::vector<Kernel> kernels;

  static void observe(void* data, const rn_observation* seen) {
    auto& kernels = static_cast<Observed*>(data)->kernels;
    if (kernels.empty()) kernels.resize(static_cast<size_t>(seen->kernel_count));
    auto& kernel = kernels[static_cast<size_t>(seen->kernel)];
    kernel.name = seen->name;
    for (int64_t n = 0; n < seen->batch; ++n) {
      for (int64_t c = 0; c < seen->channels; ++c) {
        for (int64_t y = 0; y < seen->height; ++y) {
          const float* row = seen->data + n * seen->stride_batch + c * seen->stride_channel + y * seen->stride_y;
          for (int64_t x = 0; x < seen->width; ++x) kernel.values.push_back(row[x * seen->stride_x]);
        }
      }
    }
  }
};

/// Takes picture `picture` of `kernel` into the account of its error.
void compare(Observed::Kernel& kernel, const Values& expected, size_t picture) {
  kernel.compared = true;
  const std::span<const float> all(kernel.values);
  const size_t from = std::min(picture * expected.size(), all.size());
  kernel.measured.add(all.subspan(from, std::min(expected.size(), all.size() - from)), expected);
}

/// The interpreter's pass over one picture, comparing as it goes.
void interpret_and_compare(const graph::Graph& graph, const WeightSource& weights, const Pictures& pictures, size_t picture,
                           Observed& observed) {
  std::map<std::string, std::vector<Observed::Kernel*>> by_name;
  for (auto& kernel : observed.kernels) by_name[kernel.name].push_back(&kernel);
  // A store carries its output's name, and the value may have another.
  std::map<std::string, std::vector<Observed::Kernel*>> stores;
  size_t first_store = observed.kernels.size() - std::min(observed.kernels.size(), graph.outputs.size());
  for (size_t i = 0; i < graph.outputs.size() && first_store + i < observed.kernels.size(); ++i) {
    auto& kernel = observed.kernels[first_store + i];
    stores[graph.op(graph.outputs[i].value).name].push_back(&kernel);
    std::erase(by_name[kernel.name], &kernel);
  }
  interpret_picture(graph, weights, pictures, picture, [&](const graph::Op& op, const Values& values) {
    for (auto* kernel : by_name[op.name]) compare(*kernel, values, picture);
    for (auto* kernel : stores[op.name]) compare(*kernel, values, picture);
  });
}

/// Prints the table; the number of kernels that are too far off.
int print_table(const Observed& observed, const std::string& target, double tolerance) {
  int bad = 0, compared = 0;
  double worst = 0;
  Table table({{"kernel"}, {"largest", Table::Align::right}, {"error", Table::Align::right}, {""}});
  for (const auto& kernel : observed.kernels) {
    const MeasuredError& measured = kernel.measured;
    bool right = !kernel.compared || (measured.finite && measured.error <= tolerance);
    compared += kernel.compared ? 1 : 0;
    bad += right ? 0 : 1;
    worst = std::max(worst, measured.error);
    table.add({kernel.name, kernel.compared ? fmt::format("{:.4g}", measured.largest) : "",
               kernel.compared ? error_text(measured.error) : "",
               !kernel.compared   ? "made by a pass: seen in what reads it"
               : right            ? measured.largest == 0 ? "all zero: this tests little" : ""
               : !measured.finite ? "not finite numbers"
                                  : "too far off"});
  }
  fmt::print("{}\n{}", target, table.str());
  fmt::print("{} of {} kernels within {:g} of the largest value; the worst is {}\n\n", compared - bad, compared, tolerance,
             error_text(worst));
  return bad;
}

int verify(const VerifyOptions& options, const Invocation& invocation) {
  std::string why;
  auto targets = options.target.targets(why);
  if (!targets) return usage_error(why);
  const bool gpu = targets->front()->on_gpu();
  if (options.for_batch && !gpu) return usage_error("--for-batch is for --device cuda: on the CPU the schedules serve any batch");
  why = cpu_option_fault({{!options.tuned.empty(), "--tuned names schedules of the CPU"}}, *targets);
  if (why.empty() && !options.tuned.empty()) why = tuned_targets_fault(*targets);
  if (!why.empty()) return usage_error(why);
  Sources sources;
  Diagnostics diagnostics(sources);
  auto network = load(options.network, diagnostics);
  if (!network) return report(diagnostics, invocation);
  Diagnostics first(sources);  // the passes run again below, and one mistake is one error
  auto graph = plain_graph(*network, first);
  if (!graph) return report(first, invocation);

  GeneratedWeights generated;
  std::unique_ptr<codegen::Safetensors> checkpoint;
  if (!options.checkpoint.path.empty()) {
    checkpoint = open_checkpoint(options.checkpoint, graph::checkpoint_tensors(*graph), true, diagnostics);
    if (!checkpoint) return report(diagnostics, invocation);
  }
  const WeightSource& weights = checkpoint ? static_cast<const WeightSource&>(*checkpoint) : generated;

  std::optional<program::Tuning> tuning;
  if (!options.tuned.empty()) {
    tuning = read_tuning(options.tuned, *targets->front(), diagnostics);
    if (!tuning) return report(diagnostics, invocation);
  }
  LoweringOptions lowering;
  lowering.targets = *targets;
  lowering.weights = checkpoint.get();
  if (tuning) lowering.tuned = &*tuning;
  if (options.for_batch) lowering.batch = *options.for_batch;
  lowering.disabled = options.disabled;
  auto lowered = lower(*network, lowering, diagnostics);
  if (lowered && tuning) warn_of_unused(*tuning, *lowered, *targets->front(), diagnostics);
  int status = report(diagnostics, invocation);
  if (status != done) return status;
  if (!lowered) return bug("a pass failed and gave no reason");

  codegen::KernelOptions kernels;
  kernels.cache_dir = options.no_cache ? "" : codegen::default_cache_dir();
  const auto trial = Trial::make(*lowered, network->name, weights, std::move(kernels), why);
  if (!trial) return failure(why);
  const Pictures pictures = trial->pictures(options.batch);
  int bad = 0;
  for (const auto* target : *targets) {
    auto session = trial->session(target->name, options.batch, options.threads, why);
    Observed observed;
    if (session) session->observe(Observed::observe, &observed);
    if (!session || !session->run(pictures.bytes, why)) return input_error(fmt::format("{}: {}", target->name, why));
    for (size_t k = 0; k < pictures.planar.size(); ++k) interpret_and_compare(*graph, weights, pictures, k, observed);
    bad += print_table(observed, target->name, options.tolerance);
  }
  return bad == 0 ? done : input_wrong;
}

}  // namespace

void add_verify(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("verify", "compile a network, run it, compare every kernel with the interpreter");
  auto options = std::make_shared<VerifyOptions>();
  add_network_options(*command, options->network);
  add_checkpoint_options(*command, options->checkpoint, "a checkpoint (generated weights, see docs/exactness.md)");
  command->add_option("--tuned", options->tuned, "use the schedules that 'resnetc compile --tune' wrote")->type_name("FILE");
  add_target_options(*command, options->target, Wanted::targets);
  command->add_option("--batch", options->batch, "pictures in the run (1)")->type_name("N")->check(CLI::Range(1, 1024).description(""));
  add_schedule_batch(*command, "--for-batch", options->for_batch, "for cuda: as compile's --batch, whatever the run's (32)");
  command->add_option("--threads", options->threads, "threads (one a processor)")
      ->type_name("N")
      ->check(CLI::Range(1, RN_MAX_THREADS).description(""));
  command->add_option("--tolerance", options->tolerance, "the largest error allowed, over the largest value (1e-4)")
      ->type_name("E")
      ->check([](const std::string& text) {  // written so that a NaN is refused too
        double tolerance = 0;
        return CLI::detail::lexical_cast(text, tolerance) && tolerance >= 0 && tolerance <= 1 ? std::string()
                                                                                              : "needs a number from 0 to 1";
      });
  command->add_flag("--no-cache", options->no_cache, "compile every kernel anew and keep none");
  add_disable_pass(*command, options->disabled);
  command->callback([&invocation, options] { invocation.action = [&invocation, options] { return verify(*options, invocation); }; });
}

}  // namespace resnetc::driver
