/// \file `resnetc verify`: compiles a network, runs it, and compares every kernel's output with the reference interpreter's.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "codegen/library.h"
#include "driver/common.h"
#include "driver/loaded_library.h"
#include "driver/lowering.h"
#include "driver/table.h"
#include "driver/tuned.h"
#include "support/temp_dir.h"

namespace resnetc::driver {
namespace {

struct VerifyOptions {
  NetworkOptions network;
  std::string weights;
  std::string tuned;
  std::string target = "host";
  int batch = 1;
  int threads = 0;
  double tolerance = 1e-4;
  bool no_cache = false;
};

/// What the library computed: each kernel's output, all pictures, planar.
struct Observed {
  struct Kernel {
    std::string name;
    std::vector<float> values;
    double error = 0;    ///< largest difference over the largest reference value
    double largest = 0;  ///< of the reference
    bool compared = false;
    bool numbers = true;  ///< whether all reference values are finite
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
  size_t at = picture * expected.size();
  if (at + expected.size() > kernel.values.size()) {
    kernel.error = INFINITY;
    return;
  }
  double largest = 0;
  double difference = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    double got = static_cast<double>(kernel.values[at + i]);
    if (std::isnan(expected[i]) != std::isnan(got)) difference = INFINITY;
    if (std::isnan(expected[i]) || expected[i] == got) continue;  // the second: infinities
    largest = std::max(largest, std::abs(expected[i]));
    difference = std::max(difference, std::abs(expected[i] - got));
  }
  for (double value : expected) {
    kernel.numbers = kernel.numbers && std::isfinite(value);
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  kernel.largest = std::max(kernel.largest, largest);
  double error = difference == 0 ? 0 : largest > 0 ? difference / largest : difference;
  if (!(error <= kernel.error)) kernel.error = error;
}

/// The interpreter's pass over one picture, comparing as it goes.
void interpret_and_compare(const graph::Graph& graph, const WeightSource& weights, const Values& input, size_t picture,
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
  Progress progress(fmt::format("interpreting picture {}", picture));
  size_t count = 0;
  interpret(graph, weights, input, [&](const graph::Op& op, const Values& values) {
    progress.update(++count, graph.ops.size());
    for (auto* kernel : by_name[op.name]) compare(*kernel, values, picture);
    for (auto* kernel : stores[op.name]) compare(*kernel, values, picture);
  });
}

std::string error_text(double error) { return fmt::format("{:.2e}", error); }

/// Prints the table; the number of kernels that are too far off.
int print_table(const Observed& observed, const std::string& target, double tolerance) {
  int bad = 0;
  double worst = 0;
  Table table({{"kernel"}, {"largest", Table::Align::right}, {"error", Table::Align::right}, {""}});
  for (const auto& kernel : observed.kernels) {
    bool right = kernel.compared && kernel.numbers && kernel.error <= tolerance;
    bad += right ? 0 : 1;
    worst = std::max(worst, kernel.error);
    table.add({kernel.name, kernel.compared ? fmt::format("{:.4g}", kernel.largest) : "", kernel.compared ? error_text(kernel.error) : "",
               right             ? ""
               : !kernel.numbers ? "not finite numbers"
               : kernel.compared ? "too far off"
                                 : "not in the graph"});
  }
  fmt::print("{}\n{}", target, table.str());
  fmt::print("{} of {} kernels within {:g} of the largest value; the worst is {}\n\n", static_cast<int>(observed.kernels.size()) - bad,
             observed.kernels.size(), tolerance, error_text(worst));
  return bad;
}

int verify(const VerifyOptions& options, const Invocation& invocation) {
  std::string why;
  auto targets = parse_targets(options.target, why);
  if (!targets) return usage_error(why);
  if (!options.tuned.empty()) why = tuned_targets_fault(*targets);
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
  if (!options.weights.empty()) {
    checkpoint = codegen::Safetensors::open(options.weights, diagnostics);
    if (!checkpoint || !checkpoint->matches(graph::checkpoint_tensors(*graph), diagnostics)) return report(diagnostics, invocation);
  }
  const WeightSource& weights = checkpoint ? static_cast<const WeightSource&>(*checkpoint) : generated;

  std::optional<program::Tuning> tuning;
  if (!options.tuned.empty()) {
    tuning = read_tuning(options.tuned, *targets->front(), diagnostics);
    if (!tuning) return report(diagnostics, invocation);
  }
  auto lowered = lower(*network, {*targets, checkpoint.get(), true, {}, tuning ? &*tuning : nullptr}, diagnostics);
  if (lowered && tuning) warn_of_unused(*tuning, *lowered, *targets->front(), diagnostics);
  int status = report(diagnostics, invocation);
  if (status != done) return status;
  if (!lowered) return bug("a pass failed and gave no reason");

  TempDir folder;
  if (folder.path().empty()) return input_error("cannot make a temporary folder");
  codegen::LibraryOptions library_options;
  library_options.output_dir = folder.path();
  library_options.name = network->name;
  library_options.weights = &weights;
  library_options.depends_on_values = lowered->depends_on_values;
  library_options.archive = false;
  library_options.kernels.cache_dir = options.no_cache ? "" : codegen::default_cache_dir();
  {
    Progress progress("compiling kernels");
    library_options.kernels.progress = [&](size_t count, size_t all) { progress.update(count, all); };
    if (!codegen::write_library(lowered->programs, library_options, why)) return failure(why);
  }
  std::string path = fmt::format("{}/lib{}.so", folder.path(), network->name);
  auto library = LoadedLibrary::open(path, diagnostics);
  if (!library) return report(diagnostics, invocation);
  Weights packed;
  if (!find_weights(*library, path, "", packed, why)) return input_error(why);

  // The same pictures for every target; the interpreter's work is done once for each.
  const auto& port = library->facts().input;
  std::vector<Values> pictures;
  std::string input;
  for (int k = 0; k < options.batch; ++k) {
    pictures.push_back(generated_input(port.name, k, picture_elements(port), input_format(port)));
    append_input(port, pictures.back(), input);
  }
  int bad = 0;
  for (const auto* target : *targets) {
    auto session = Session::create(*library, packed.bytes, {options.batch, options.threads, target->name, true, packed.path}, why);
    Observed observed;
    if (session) session->observe(Observed::observe, &observed);
    if (!session || !session->run(input, why)) return input_error(fmt::format("{}: {}", target->name, why));
    for (size_t k = 0; k < pictures.size(); ++k) interpret_and_compare(*graph, weights, pictures[k], k, observed);
    bad += print_table(observed, target->name, options.tolerance);
  }
  return bad == 0 ? done : input_wrong;
}

}  // namespace

void add_verify(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("verify", "compile a network, run it, compare every kernel with the interpreter");
  auto options = std::make_shared<VerifyOptions>();
  add_network_options(*command, options->network);
  command->add_option("--weights", options->weights, "a checkpoint (generated weights, see docs/exactness.md)")
      ->type_name("FILE.safetensors");
  command->add_option("--tuned", options->tuned, "use the schedules that 'resnetc compile --tune' wrote")->type_name("FILE");
  command->add_option("--target", options->target, "instruction sets: host (the default), or some of " + target_names())
      ->type_name("T[,T...]");
  command->add_option("--batch", options->batch, "pictures in the run (1)")->type_name("N")->check(CLI::Range(1, 1024).description(""));
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
  command->callback([&invocation, options] { invocation.action = [&invocation, options] { return verify(*options, invocation); }; });
}

}  // namespace resnetc::driver
