/// \file `resnetc bench`: measures a library's time, as a whole and kernel by kernel, and compares it with this machine's peak.

#include <fmt/format.h>
#include <llvm/Support/FormatVariadic.h>
#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include <memory>

#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/measure.h"
#include "driver/table.h"
#include "driver/target_options.h"

namespace resnetc::driver {
namespace {

struct BenchOptions {
  std::string library;
  MeasureOptions how;
  bool json = false;
};

llvm::json::Object to_json(const codegen::LibraryFacts& facts, const codegen::LibraryFacts::Target& target, const Measurement& measured) {
  const auto& [name, batch, threads, generated, copied, begun, timing, machine, kernel_ms, share_of_run] = measured;
  int64_t total = 0;
  llvm::json::Array layers;
  for (size_t i = 0; i < target.kernels.size(); ++i) {
    const auto& kernel = target.kernels[i];
    total += kernel.multiply_adds;
    if (i < kernel_ms.size()) {
      const Roof roof = roof_of(kernel.cost, machine, batch, kernel_ms[i]);
      layers.push_back(llvm::json::Object{{"name", kernel.name},
                                          {"kind", kernel.kind},
                                          {"algorithm", kernel.algorithm},
                                          {"median_ms", kernel_ms[i]},
                                          {"gflops", gflops(kernel.multiply_adds, batch, kernel_ms[i])},
                                          {"weight_bytes", kernel.cost.weight_bytes},
                                          {"tensor_bytes", kernel.cost.tensor_bytes},
                                          {"roof", roof.name},
                                          {"share_of_roof", roof.share}});
    }
  }
  llvm::json::Object object{{"name", facts.name},
                            {"target", target.name},
                            {"cpu", target.on_gpu()          ? ""
                                    : target.machine.empty() ? default_machine().name
                                                             : target.machine},
                            {"threads", threads},
                            {"batch", batch},
                            {"copied_weights", copied},
                            {"create_ms", begun.create_ms},
                            {"first_run_ms", begun.first_run_ms},
                            {"weights_bytes", static_cast<int64_t>(facts.weights_bytes)},
                            {"arena_bytes", static_cast<int64_t>(begun.arena_bytes)},
                            {"memory_grown_bytes", static_cast<int64_t>(begun.grown_bytes)},
                            {"runs", static_cast<int64_t>(timing.runs)},
                            {"median_ms", timing.median_ms},
                            {"min_ms", timing.min_ms},
                            {"spread_percent", timing.spread_percent},
                            {"pictures_per_second", 1e3 * batch / timing.median_ms},
                            {"gflops", gflops(total, batch, timing.median_ms)},
                            {"peak_gflops", machine.gflops}};
  if (!layers.empty()) {
    object["memory_gbytes_per_second"] = machine.memory_gbytes;
    object["kernels_share_of_run"] = share_of_run;
    object["layers"] = std::move(layers);
  }
  return object;
}

void print_layers(const codegen::LibraryFacts::Target& target, const Measurement& measured) {
  const std::vector<double>& kernel_ms = measured.kernel_ms;
  const MachinePeak& machine = measured.machine;
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
    double rate = gflops(multiply_adds, measured.batch, ms);
    return {fmt::format("{:.1f}", rate), machine.gflops > 0 ? fmt::format("{:.0f} %", 100 * rate / machine.gflops) : ""};
  };
  auto megabytes = [](int64_t bytes) { return bytes == 0 ? std::string() : fmt::format("{:.2f}", static_cast<double>(bytes) / 1e6); };
  for (size_t i = 0; i < target.kernels.size() && i < kernel_ms.size(); ++i) {
    const auto& kernel = target.kernels[i];
    operations += kernel.multiply_adds;
    weights += kernel.cost.weight_bytes;
    tensors += kernel.cost.tensor_bytes;
    auto [rate, share] = rates(kernel.multiply_adds, kernel_ms[i]);
    const Roof roof = roof_of(kernel.cost, machine, measured.batch, kernel_ms[i]);
    // Show a convolution's algorithm, and the kind of other kernels.
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
  fmt::print("the kernels take {:.1f} % of a run\n", 100 * measured.share_of_kernels);
}

int bench(const BenchOptions& options, const Invocation& invocation) {
  Sources sources;
  Diagnostics diagnostics(sources);
  auto library = LoadedLibrary::open(options.library, diagnostics);
  if (!library) return report(diagnostics, invocation);
  const codegen::LibraryFacts& facts = library->facts();
  const Result<Measurement> measured = measure(*library, options.library, options.how);
  if (!measured) return fail(measured.failure());
  const codegen::LibraryFacts::Target& target = library->target(measured->target);
  const bool gpu = target.on_gpu();
  if (measured->generated_weights && !options.json) fmt::print("{}.weights is not there: generated weights are used\n", facts.name);

  if (options.json) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    stream << llvm::formatv("{0:2}", llvm::json::Value(to_json(facts, target, *measured)));
    fmt::print("{}\n", text);
    return done;
  }
  const Timing& timing = measured->timing;
  int64_t operations = 0;
  for (const auto& kernel : target.kernels) operations += kernel.multiply_adds;
  double rate = gflops(operations, measured->batch, timing.median_ms);
  const std::string with = gpu ? "" : fmt::format(", {} {}", measured->threads, measured->threads == 1 ? "thread" : "threads");
  const std::string copied = measured->copied_weights ? ", weights copied" : "";
  fmt::print("{} on {}{}, batch {}{}\n", facts.name, target.label(), with, measured->batch, copied);
  fmt::print("median {:.3f} ms, best {:.3f} ms, spread {:.1f} % (10th to 90th percentile), {} runs\n", timing.median_ms, timing.min_ms,
             timing.spread_percent, timing.runs);
  fmt::print("{:.1f} pictures/s, {:.1f} GFLOP/s", 1e3 * measured->batch / timing.median_ms, rate);
  if (measured->machine.gflops > 0)
    fmt::print(", {:.0f} % of the {:.1f} measured as this machine's peak", 100 * rate / measured->machine.gflops, measured->machine.gflops);
  fmt::print("\n");
  fmt::print("created in {:.2f} ms, first run {:.2f} ms; memory grew by {}: weights are {}, the arena {}\n", measured->start.create_ms,
             measured->start.first_run_ms, human_bytes(measured->start.grown_bytes), human_bytes(facts.weights_bytes),
             human_bytes(measured->start.arena_bytes));
  if (options.how.layers) print_layers(target, *measured);
  return done;
}

}  // namespace

void add_bench(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("bench", "time a library, as a whole and kernel by kernel");
  auto options = std::make_shared<BenchOptions>();
  command.add_positional("LIB.so", options->library, "the library");
  command.add_option("--weights", options->how.weights, "a weights file (the one beside the library; generated ones if there is none)")
      .type_name("NET.weights");
  command.add_option("--batch", options->how.batch, "pictures in one run (1)").type_name("N").range(1, 65536);
  command.add_option("--threads", options->how.threads, "threads (one for each processor)").type_name("N").range(1, RN_MAX_THREADS);
  add_library_target(command, options->how.target, options->how.device);
  command.add_flag("--keep-denormals", options->how.keep_denormals, keep_denormals_in_runs);
  command.add_flag("--copy-weights", options->how.copy_weights, copy_weights_in_runs);
  command.add_flag("--layers", options->how.layers, "also a table of the kernels");
  command.add_flag("--json", options->json, "print one JSON object instead of text");
  const CommandOption runs = command.add_option("--runs", options->how.runs, "run exactly N times").type_name("N").range(1, 1000000);
  const CommandOption seconds =
      command.add_option("--seconds", options->how.seconds, "run for S seconds (2)").type_name("S").from_to(0, 3600, "seconds");
  command.check(
      [runs, seconds] { return runs.given() && seconds.given() ? "--runs and --seconds say how long to measure: give one" : ""; });
  command.callback([&invocation, options] { invocation.action = [&invocation, options] { return bench(*options, invocation); }; });
}

}  // namespace resnetc::driver
