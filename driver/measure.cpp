/// \file Measures runs, and the machine's peak for comparison.
#include "driver/measure.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "driver/caches.h"
#include "driver/common.h"
#include "driver/median.h"
#include "driver/peak.h"
#include "driver/timing.h"
#include "runtime/processors.h"

namespace resnetc::driver {
namespace {

/// Runs until both a time and a number of runs are reached, or exactly `runs` times.
Result<> repeat(Session& session, const std::string& input, const MeasureOptions& options, double seconds, std::vector<double>& times,
                PeakMeter* peak = nullptr) {
  constexpr double peak_every = 0.1;
  auto start = std::chrono::steady_clock::now(), peak_at = start;
  auto enough = [&] {
    return options.runs != 0 ? times.size() >= static_cast<size_t>(options.runs) : times.size() >= 5 && seconds_since(start) >= seconds;
  };
  while (!enough()) {
    if (peak != nullptr && (times.empty() || seconds_since(peak_at) >= peak_every)) {
      peak->measure();
      if (const Result<> ran = session.run(input); !ran) return ran;  // this run wakes the threads and fills the caches again
      peak_at = std::chrono::steady_clock::now();
    }
    auto begin = std::chrono::steady_clock::now();
    if (const Result<> ran = session.run(input); !ran) return ran;
    times.push_back(seconds_since(begin));
  }
  return {};
}

/// A failure if the inputs, outputs and tensors of a batch need more memory than this machine has.
Result<> check_memory(const codegen::LibraryFacts& facts, int batch) {
  int64_t picture = facts.input.picture_bytes;
  for (const codegen::LibraryFacts::Port& output : facts.outputs) picture += output.picture_bytes;
  int64_t arena = 0;
  for (const codegen::LibraryFacts::Target& target : facts.targets) arena = std::max(arena, target.arena_bytes);
  const double needed = static_cast<double>(batch) * static_cast<double>(picture + arena);
  const double there = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (needed <= there) return {};
  return Failure{
      fmt::format("a batch of {} pictures needs {:.1f} GB for its input, its output and the tensors between, and this machine has "
                  "{:.1f} GB: give a smaller --batch",
                  batch, needed / 1e9, there / 1e9)};
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

/// The median over all runs of the kernels' share of a run. The rest of the time passes between kernels.
double share_of_kernels(const KernelTimes& kernels, const std::vector<double>& runs) {
  std::vector<double> shares;
  for (size_t run = 0; run < runs.size(); ++run) {
    double sum = 0;
    for (const std::vector<double>& seconds : kernels.seconds) sum += run < seconds.size() ? seconds[run] : 0;
    shares.push_back(runs[run] > 0 ? sum / runs[run] : 0);
  }
  return shares.empty() ? 0 : median(std::move(shares));
}

}  // namespace

double gflops(int64_t multiply_adds, int batch, double ms) {
  return ms > 0 ? 2.0 * static_cast<double>(multiply_adds) * batch / (ms * 1e6) : 0;
}

Roof roof_of(const program::KernelCost& cost, const MachinePeak& machine, int batch, double ms) {
  const double arithmetic = machine.gflops > 0 ? gflops(cost.multiply_adds, batch, ms) / machine.gflops : 0;
  const int64_t weights = machine.weights_cached ? 0 : cost.weight_bytes;
  const int64_t bytes = cost.multiply_adds > 0 ? weights : cost.tensor_bytes;
  const double seconds = ms / 1e3, read = static_cast<double>(bytes) * batch / 1e9;
  const double memory = machine.memory_gbytes > 0 && seconds > 0 ? read / seconds / machine.memory_gbytes : 0;
  return arithmetic >= memory ? Roof{"arithmetic", arithmetic} : Roof{"memory", memory};
}

Result<Measurement> measure(const LoadedLibrary& library, const std::string& path, const MeasureOptions& options) {
  const codegen::LibraryFacts& facts = library.facts();
  Measurement result;
  Result<Weights> found = find_weights(library, path, options.weights);
  if (!found) return found.failure();
  Weights& weights = *found;
  std::string generated;
  if (!weights.found) {
    auto packed = codegen::pack_weights(facts.constants, facts.name, GeneratedWeights(), options.keep_denormals);
    if (!packed) return packed.failure();
    // A weights file is used at its place in memory, and the runtime requires it to be aligned.
    generated.resize(packed->size() + 64);
    size_t shift = (64 - reinterpret_cast<uintptr_t>(generated.data()) % 64) % 64;
    packed->copy(generated.data() + shift, packed->size());
    weights.bytes = std::string_view(generated).substr(shift, packed->size());
    result.generated_weights = true;
  }
  if (const Result<> fits = check_memory(facts, options.batch); !fits) return fits.failure();
  const int processors = rn_processors();
  const int threads = result.threads = options.threads != 0 ? options.threads : processors;
  std::string input;
  for (int k = 0; k < options.batch; ++k) {
    append_input(facts.input, generated_input(facts.input.name, k, picture_elements(facts.input), facts.input.element), input);
  }
  Start& begun = result.start;
  const uint64_t memory_before = resident_bytes();
  const auto start = std::chrono::steady_clock::now();
  Result<std::unique_ptr<Session>> created = Session::create(
      library, weights.bytes,
      {options.batch, threads, options.target, false, weights.path, options.device, options.keep_denormals, options.copy_weights});
  if (!created) return created.failure();
  Session& session = **created;
  begun.create_ms = seconds_since(start) * 1e3;
  result.copied_weights = session.copied_weights();
  if (result.copied_weights) {  // the process then holds them once
    weights.bytes = {};
    weights.file.reset();
  }
  if (const Result<> ran = session.run(input); !ran) return ran.failure();
  begun.first_run_ms = seconds_since(start) * 1e3 - begun.create_ms;
  begun.grown_bytes = resident_bytes() - std::min(memory_before, resident_bytes());
  result.target = session.target();
  result.batch = options.batch;
  const codegen::LibraryFacts::Target& target = library.target(result.target);
  const bool gpu = target.on_gpu();
  std::optional<PeakMeter> peak;  // only for a processor, whose peak says nothing about a GPU
  if (!gpu) peak.emplace(target.known(), std::min(threads, processors));
  std::vector<double> warm, times;
  if (const Result<> ran = repeat(session, input, options, std::min(0.3, options.seconds), warm); !ran) return ran.failure();
  if (const Result<> ran = repeat(session, input, options, options.seconds, times, peak ? &*peak : nullptr); !ran) return ran.failure();
  result.timing = timing_of(times);
  KernelTimes kernel_times;
  if (options.layers) {
    session.observe(KernelTimes::observe, &kernel_times);
    times.clear();
    if (const Result<> ran = repeat(session, input, options, options.seconds, times); !ran) return ran.failure();
    result.share_of_kernels = share_of_kernels(kernel_times, times);
    for (auto& seconds : kernel_times.seconds) result.kernel_ms.push_back(median(std::move(seconds)) * 1e3);
  }
  begun.arena_bytes = static_cast<uint64_t>(target.arena_bytes * options.batch);
  result.machine = {peak ? peak->gflops() : 0, options.layers && !gpu ? memory_gbytes(std::min(threads, processors)) : 0,
                    facts.weights_bytes <= caches_here().third};
  return result;
}

}  // namespace resnetc::driver
