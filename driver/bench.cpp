/// \file `resnetc bench`: how long a library takes, as a whole and kernel by kernel, beside what this machine can do at most.

#include <fmt/format.h>
#include <llvm/Support/FormatVariadic.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "driver/common.h"
#include "driver/loaded_library.h"
#include "driver/median.h"
#include "driver/peak.h"
#include "driver/table.h"
#include "driver/timing.h"

namespace resnetc::driver {
namespace {

struct BenchOptions {
  std::string library;
  std::string weights;
  std::string target;
  int batch = 1;
  int threads = 0;
  int runs = 0;
  double seconds = 2;
  bool layers = false;
  bool json = false;
};

struct Timing {
  double median_ms = 0, min_ms = 0, spread_percent = 0;
  size_t runs = 0;
};

/// Runs until both a time and a number of runs are reached, or exactly `runs` times.
bool repeat(Session& session, const std::string& input, const BenchOptions& options, double seconds, std::vector<double>& times,
            std::string& why, PeakMeter* peak = nullptr) {
  constexpr double peak_every = 0.1;
  auto start = std::chrono::steady_clock::now(), peak_at = start;
  auto enough = [&] {
    return options.runs != 0 ? times.size() >= static_cast<size_t>(options.runs) : times.size() >= 5 && seconds_since(start) >= seconds;
  };
  while (!enough()) {
    if (peak != nullptr && (times.empty() || seconds_since(peak_at) >= peak_every)) {
      peak->measure();
      if (!session.run(input, why)) return false;  // which wakes the threads and fills the caches again
      peak_at = std::chrono::steady_clock::now();
    }
    auto begin = std::chrono::steady_clock::now();
    if (!session.run(input, why)) return false;
    times.push_back(seconds_since(begin));
  }
  return true;
}

Timing timing_of(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  Timing timing;
  timing.median_ms = median(times) * 1e3;
  timing.min_ms = times.front() * 1e3;
  double low = times[times.size() / 10];
  double high = times[times.size() - 1 - times.size() / 10];
  timing.spread_percent = timing.median_ms > 0 ? (high - low) * 1e5 / timing.median_ms : 0;
  timing.runs = times.size();
  return timing;
}

double gflops(int64_t multiply_adds, int batch, double ms) {
  return ms > 0 ? 2.0 * static_cast<double>(multiply_adds) * batch / (ms * 1e6) : 0;
}

/// Before the first measured run.
struct Start {
  double create_ms = 0, first_run_ms = 0;
  uint64_t arena_bytes = 0;
  uint64_t grown_bytes = 0;  ///< of the process, from before the context was created until after its first run
};

/// What the machine can do, measured beside the library.
struct Machine {
  double gflops = 0;
  double memory_gbytes = 0;     ///< measured for a table of kernels only
  bool weights_cached = false;  ///< all weights of the network stay in the last cache from run to run
};

struct Roof {
  std::string name;
  double share = 0;  ///< of the roof, reached
};

/// Which roof is nearer: arithmetic, as really done, or the way of the weights from memory, if they come from there. What does no
/// arithmetic moves tensors.
Roof roof_of(const codegen::LibraryFacts::Kernel& kernel, const Machine& machine, int batch, double ms) {
  const double arithmetic = machine.gflops > 0 ? gflops(kernel.cost.multiply_adds, batch, ms) / machine.gflops : 0;
  const int64_t weights = machine.weights_cached ? 0 : kernel.cost.weight_bytes;
  const int64_t bytes = kernel.cost.multiply_adds > 0 ? weights : kernel.cost.tensor_bytes;
  const double seconds = ms / 1e3, read = static_cast<double>(bytes) * batch / 1e9;
  const double memory = machine.memory_gbytes > 0 && seconds > 0 ? read / seconds / machine.memory_gbytes : 0;
  return arithmetic >= memory ? Roof{"arithmetic", arithmetic} : Roof{"memory", memory};
}

llvm::json::Object to_json(const codegen::LibraryFacts& facts, const codegen::LibraryFacts::Target& target, const BenchOptions& options,
                           int threads, const Start& begun, const Timing& timing, const Machine& machine,
                           const std::vector<double>& kernel_ms, double share_of_run) {
  int64_t total = 0;
  llvm::json::Array layers;
  for (size_t i = 0; i < target.kernels.size(); ++i) {
    const auto& kernel = target.kernels[i];
    total += kernel.multiply_adds;
    if (i < kernel_ms.size()) {
      const Roof roof = roof_of(kernel, machine, options.batch, kernel_ms[i]);
      layers.push_back(llvm::json::Object{{"name", kernel.name},
                                          {"kind", kernel.kind},
                                          {"algorithm", kernel.algorithm},
                                          {"median_ms", kernel_ms[i]},
                                          {"gflops", gflops(kernel.multiply_adds, options.batch, kernel_ms[i])},
                                          {"weight_bytes", kernel.cost.weight_bytes},
                                          {"tensor_bytes", kernel.cost.tensor_bytes},
                                          {"roof", roof.name},
                                          {"share_of_roof", roof.share}});
    }
  }
  llvm::json::Object object{{"name", facts.name},
                            {"target", target.name},
                            {"threads", threads},
                            {"batch", options.batch},
                            {"create_ms", begun.create_ms},
                            {"first_run_ms", begun.first_run_ms},
                            {"weights_bytes", static_cast<int64_t>(facts.weights_bytes)},
                            {"arena_bytes", static_cast<int64_t>(begun.arena_bytes)},
                            {"memory_grown_bytes", static_cast<int64_t>(begun.grown_bytes)},
                            {"runs", static_cast<int64_t>(timing.runs)},
                            {"median_ms", timing.median_ms},
                            {"min_ms", timing.min_ms},
                            {"spread_percent", timing.spread_percent},
                            {"pictures_per_second", 1e3 * options.batch / timing.median_ms},
                            {"gflops", gflops(total, options.batch, timing.median_ms)},
                            {"peak_gflops", machine.gflops}};
  if (!layers.empty()) {
    object["memory_gbytes_per_second"] = machine.memory_gbytes;
    object["kernels_share_of_run"] = share_of_run;
    object["layers"] = std::move(layers);
  }
  return object;
}

/// The median over all runs of what its kernels take of a run; the rest passes between them.
double share_of_kernels(const KernelTimes& kernels, const std::vector<double>& runs) {
  std::vector<double> shares;
  for (size_t run = 0; run < runs.size(); ++run) {
    double sum = 0;
    for (const std::vector<double>& seconds : kernels.seconds) sum += run < seconds.size() ? seconds[run] : 0;
    shares.push_back(runs[run] > 0 ? sum / runs[run] : 0);
  }
  return shares.empty() ? 0 : median(std::move(shares));
}

void print_layers(const codegen::LibraryFacts::Target& target, const BenchOptions& options, const Machine& machine,
                  const std::vector<double>& kernel_ms, double share_of_run) {
  double sum = 0;
  int64_t operations = 0, weights = 0, tensors = 0;
  for (double ms : kernel_ms) sum += ms;
  constexpr auto right = Table::Align::right;
  Table table({{"kernel"},
               {"algorithm"},
               {"ms", right},
               {"share", right},
               {"GFLOP/s", right},
               {"of peak", right},
               {"weights MB", right},
               {"tensors MB", right},
               {"nearest roof", right}});
  auto rates = [&](int64_t multiply_adds, double ms) -> std::pair<std::string, std::string> {
    if (multiply_adds == 0) return {};
    double rate = gflops(multiply_adds, options.batch, ms);
    return {fmt::format("{:.1f}", rate), machine.gflops > 0 ? fmt::format("{:.0f} %", 100 * rate / machine.gflops) : ""};
  };
  auto megabytes = [](int64_t bytes) { return bytes == 0 ? std::string() : fmt::format("{:.2f}", static_cast<double>(bytes) / 1e6); };
  for (size_t i = 0; i < target.kernels.size() && i < kernel_ms.size(); ++i) {
    const auto& kernel = target.kernels[i];
    operations += kernel.multiply_adds;
    weights += kernel.cost.weight_bytes;
    tensors += kernel.cost.tensor_bytes;
    auto [rate, share] = rates(kernel.multiply_adds, kernel_ms[i]);
    const Roof roof = roof_of(kernel, machine, options.batch, kernel_ms[i]);
    // A convolution is told by its algorithm, anything else by what it is.
    table.add({kernel.name, kernel.kind == "conv2d" ? kernel.algorithm : kernel.kind, fmt::format("{:.4f}", kernel_ms[i]),
               fmt::format("{:.1f} %", 100 * kernel_ms[i] / sum), rate, share, megabytes(kernel.cost.weight_bytes),
               megabytes(kernel.cost.tensor_bytes), machine.gflops > 0 ? fmt::format("{} {:3.0f} %", roof.name, 100 * roof.share) : ""});
  }
  table.rule();
  auto [rate, share] = rates(operations, sum);
  table.add({"total", "", fmt::format("{:.4f}", sum), "100.0 %", rate, share, megabytes(weights), megabytes(tensors), ""});
  fmt::print("\n{}\n", table.str());
  if (machine.memory_gbytes > 0) {
    fmt::print("{} {:.1f} GB/s; ",
               machine.weights_cached ? "the weights stay in the last cache; memory gives" : "weights come from memory, which gives",
               machine.memory_gbytes);
  }
  fmt::print("the kernels take {:.1f} % of a run\n", 100 * share_of_run);
}

int bench(const BenchOptions& options, const Invocation& invocation) {
  Sources sources;
  Diagnostics diagnostics(sources);
  auto library = LoadedLibrary::open(options.library, diagnostics);
  if (!library) return report(diagnostics, invocation);
  const codegen::LibraryFacts& facts = library->facts();
  std::string why;
  Weights weights;
  if (!find_weights(*library, options.library, options.weights, weights, why)) return input_error(why);
  std::string generated;
  if (!weights.found) {
    auto packed = codegen::pack_weights(facts.constants, facts.name, GeneratedWeights(), why);
    if (!packed) return input_error(why);
    // A weights file is read where it lies: the runtime wants it aligned.
    generated.resize(packed->size() + 64);
    size_t shift = (64 - reinterpret_cast<uintptr_t>(generated.data()) % 64) % 64;
    packed->copy(generated.data() + shift, packed->size());
    weights.bytes = std::string_view(generated).substr(shift, packed->size());
    if (!options.json) fmt::print("{}.weights is not there: generated weights are used\n", facts.name);
  }
  const auto processors = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const int threads = options.threads != 0 ? options.threads : processors;
  std::string input;
  for (int k = 0; k < options.batch; ++k) {
    append_input(facts.input, generated_input(facts.input.name, k, picture_elements(facts.input), input_format(facts.input)), input);
  }
  Start begun;
  const uint64_t memory_before = resident_bytes();
  const auto start = std::chrono::steady_clock::now();
  auto session = Session::create(*library, weights.bytes, {options.batch, threads, options.target, false, weights.path}, why);
  if (!session) return input_error(why);
  begun.create_ms = seconds_since(start) * 1e3;
  if (!session->run(input, why)) return input_error(why);
  begun.first_run_ms = seconds_since(start) * 1e3 - begun.create_ms;
  begun.grown_bytes = resident_bytes() - std::min(memory_before, resident_bytes());
  const auto& target = library->target(session->target());
  const bool gpu = program::is_gpu(target.halide);
  std::optional<PeakMeter> peak;  // of the processor, which says nothing of a GPU
  if (!gpu) peak.emplace(target.name, std::min(threads, processors));
  std::vector<double> warm, times;
  if (!repeat(*session, input, options, std::min(0.3, options.seconds), warm, why)) return input_error(why);
  if (!repeat(*session, input, options, options.seconds, times, why, peak ? &*peak : nullptr)) return input_error(why);
  Timing timing = timing_of(times);
  KernelTimes kernel_times;
  std::vector<double> kernel_ms;
  double share_of_run = 0;
  if (options.layers) {
    session->observe(KernelTimes::observe, &kernel_times);
    times.clear();
    if (!repeat(*session, input, options, options.seconds, times, why)) return input_error(why);
    share_of_run = share_of_kernels(kernel_times, times);
    for (auto& seconds : kernel_times.seconds) kernel_ms.push_back(median(std::move(seconds)) * 1e3);
  }
  begun.arena_bytes = static_cast<uint64_t>(target.arena_bytes * options.batch);
  const Machine machine{peak ? peak->gflops() : 0, options.layers && !gpu ? memory_gbytes(std::min(threads, processors)) : 0,
                        facts.weights_bytes <= last_cache_bytes()};

  if (options.json) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    stream << llvm::formatv("{0:2}",
                            llvm::json::Value(to_json(facts, target, options, threads, begun, timing, machine, kernel_ms, share_of_run)));
    fmt::print("{}\n", text);
    return done;
  }
  int64_t operations = 0;
  for (const auto& kernel : target.kernels) operations += kernel.multiply_adds;
  double rate = gflops(operations, options.batch, timing.median_ms);
  const std::string with = gpu ? "" : fmt::format(", {} {}", threads, threads == 1 ? "thread" : "threads");
  fmt::print("{} on {}{}, batch {}\n", facts.name, target.name, with, options.batch);
  fmt::print("median {:.3f} ms, best {:.3f} ms, spread {:.1f} % (10th to 90th percentile), {} runs\n", timing.median_ms, timing.min_ms,
             timing.spread_percent, timing.runs);
  fmt::print("{:.1f} pictures/s, {:.1f} GFLOP/s", 1e3 * options.batch / timing.median_ms, rate);
  if (machine.gflops > 0)
    fmt::print(", {:.0f} % of the {:.1f} measured as this machine's peak", 100 * rate / machine.gflops, machine.gflops);
  fmt::print("\n");
  fmt::print("created in {:.2f} ms, first run {:.2f} ms; memory grew by {}: weights are {}, the arena {}\n", begun.create_ms,
             begun.first_run_ms, human_bytes(begun.grown_bytes), human_bytes(facts.weights_bytes), human_bytes(begun.arena_bytes));
  if (options.layers) print_layers(target, options, machine, kernel_ms, share_of_run);
  return done;
}

}  // namespace

void add_bench(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("bench", "time a library, as a whole and kernel by kernel");
  auto options = std::make_shared<BenchOptions>();
  command->add_option("LIB.so", options->library, "the library")->required();
  command->add_option("--weights", options->weights, "a weights file (the one beside the library; generated ones if there is none)")
      ->type_name("NET.weights");
  command->add_option("--batch", options->batch, "pictures in one run (1)")->type_name("N")->check(CLI::Range(1, 65536).description(""));
  command->add_option("--threads", options->threads, "threads (one a processor)")
      ->type_name("N")
      ->check(CLI::Range(1, RN_MAX_THREADS).description(""));
  command->add_option("--target", options->target, "an instruction set in the library, instead of the best one")->type_name("TARGET");
  command->add_flag("--layers", options->layers, "also a table of the kernels");
  command->add_flag("--json", options->json, "print one JSON object instead of text");
  command->add_option("--runs", options->runs, "run exactly so often")->type_name("N")->check(CLI::Range(1, 1000000).description(""));
  command->add_option("--seconds", options->seconds, "run for so long (2)")
      ->type_name("S")
      ->check(
          // Written so that a NaN is refused too: a run that waits for it would not end.
          [](const std::string& text) {
            double s = 0;
            return CLI::detail::lexical_cast(text, s) && s >= 0 && s <= 3600 ? std::string() : "needs seconds from 0 to 3600";
          });
  command->callback([&invocation, options] { invocation.action = [&invocation, options] { return bench(*options, invocation); }; });
}

}  // namespace resnetc::driver
