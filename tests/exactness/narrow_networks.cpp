#include "tests/exactness/narrow_networks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "driver/lowering.h"
#include "driver/observed.h"
#include "driver/trial.h"
#include "frontend/frontend.h"
#include "tests/unit/random_network.h"

namespace resnetc::exactness {

namespace {

constexpr double tolerance = 1e-4;
constexpr int pictures = 3;

/// Projections with whole vectors of channels, which random networks rarely have.
constexpr std::string_view projections = R"(
block pair(width, stride) {
  conv1: conv(3x3, width, stride)  relu
  conv2: conv(3x3, width)
  skip from in via projection { conv(1x1, width, stride, bias = true) }
  relu
}
network projections {
  input image: f32[N, 16, 12, 11]
  first: pair(32, 1)
  second: pair(64, 2)
  third: pair(48, 1)
  global_avg_pool
  fc: linear(10)
  output y
})";

/// The integers that cover the range.
Quantization integers_of(const ValueRange& range) {
  constexpr double largest = 255;
  const auto scale = static_cast<float>(std::max(range.high - range.low, 1e-3) / largest);
  return {.scale = scale, .zero = static_cast<int32_t>(std::clamp(std::nearbyint(-range.low / static_cast<double>(scale)), 0.0, largest))};
}

/// The smallest and largest elements of each value for the first two pictures. Of every third network all values are rounded where they are
/// made, as in models that were quantized elsewhere, and of another third every second value.
std::shared_ptr<const Ranges> ranges_of(const graph::Graph& graph, uint64_t seed) {
  auto ranges = std::make_shared<Ranges>();
  ranges->network = graph.name;
  for (const graph::Op& op : graph.ops) ranges->values.push_back({op.name, 0, 0, "", {}});
  const TensorType& type = graph.input.type;
  for (int64_t k = 0; k < 2; ++k) {
    const Values picture = generated_input(graph.ops.front().name, k, type.elements(), type.element);
    interpret(graph, GeneratedWeights(), picture, [&](const graph::Op& op, const Values& values) {
      ValueRange& range = ranges->values[static_cast<size_t>(&op - graph.ops.data())];
      for (const double value : values) {
        range.low = std::min(range.low, value);
        range.high = std::max(range.high, value);
      }
    });
  }
  const uint64_t every = seed % 3;  // 0: none is rounded
  for (size_t i = 0; every != 0 && i < ranges->values.size(); i += every) {
    ValueRange& range = ranges->values[i];
    range = fixed_range(range.name, integers_of(range));
  }
  return ranges;
}

/// The text of the network of a seed: every eighth is that of projections.
std::string text_of(uint64_t seed) { return seed % 8 == 1 ? std::string(projections) : random_network(seed, false); }

/// Sums in steps of the fewest channels wherever a kernel can have them. The compiler chooses them for weights larger than a cache only.
void sum_in_steps(program::Program& program) {
  for (program::Kernel& kernel : program.kernels) {
    const program::Schedule before = kernel.schedule;
    auto* direct = std::get_if<program::DirectSchedule>(&kernel.schedule);
    if (direct == nullptr) continue;
    direct->depth = lanes;
    if (program::schedule_fault(spec_of(program, kernel))) kernel.schedule = before;
  }
}

/// What the kernels made that are not as they must be.
std::string faults(const driver::Observed& observed) {
  std::string why;
  for (const driver::Observed::Kernel& kernel : observed.kernels()) {
    const driver::IntegerError& integers = kernel.integers;
    if (is_right(kernel, tolerance)) continue;
    why += integers.elements != 0 ? fmt::format("'{}': {} of {} integers differ, by at most {:g}\n", kernel.name, integers.unequal,
                                                integers.elements, integers.most)
                                  : fmt::format("'{}' differs by {:.3g}, and {:.3g} in a channel\n", kernel.name, kernel.measured.error,
                                                kernel.measured.by_channel());
  }
  return why;
}

/// Runs a batch and compares its kernels, then each picture alone.
Result<> run(const driver::Trial& trial, const std::string& label, const graph::Graph& graph, NarrowResult& result) {
  const driver::Pictures all = trial.pictures(pictures);
  const auto together = trial.session(label, pictures, 2);
  if (!together) return together.failure();
  driver::Observed observed;
  observed.watch(**together);
  if (const Result<> ran = (*together)->run(all.bytes); !ran) return ran;
  for (size_t k = 0; k < all.planar.size(); ++k) interpret_and_compare(graph, GeneratedWeights(), all, k, true, observed);
  result.why = faults(observed);
  const auto alone = trial.session(label, 1, 1);
  if (!alone) return alone.failure();
  const size_t bytes = all.bytes.size() / pictures;
  for (size_t k = 0; k < pictures; ++k) {
    if (const Result<> ran = (*alone)->run(std::string_view(all.bytes).substr(k * bytes, bytes)); !ran) return ran;
    for (size_t port = 0; port < graph.outputs.size(); ++port) {
      const auto one = (*alone)->output(port), batch = (*together)->output(port).subspan(k * one.size(), one.size());
      if (std::memcmp(one.data(), batch.data(), one.size_bytes()) == 0) continue;
      result.why += fmt::format("output {} of picture {} differs alone on 1 thread and in a batch of {} on 2\n", port, k, pictures);
    }
  }
  return {};
}

}  // namespace

NarrowResult check_narrow(uint64_t seed, Arithmetic arithmetic, const Target& target, const Machine& machine,
                          const codegen::KernelOptions& kernels) {
  NarrowResult result;
  result.text = text_of(seed);
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto topology = parse_network(fmt::format("seed{}.rn", seed), result.text, {}, diagnostics);
  const std::optional<graph::Graph> plain = topology ? driver::plain_graph(*topology, diagnostics) : std::nullopt;
  std::optional<driver::Lowered> lowered;
  driver::LoweringOptions lowering;
  lowering.goals = {{&target, &machine}};
  if (plain && arithmetic == Arithmetic::integers) lowering.precision.ranges = ranges_of(*plain, seed);
  if (arithmetic == Arithmetic::bf16) {
    lowering.precision.weights = lowering.precision.values = ElementType::bf16;
    // The first target decides whether values are narrow.
    lowering.goals.insert(lowering.goals.begin(), {find_target("avx512_bf16"), &default_machine()});
  }
  if (plain) lowered = driver::lower(*topology, lowering, diagnostics);
  if (!lowered) {
    result.why = diagnostics.render();
    return result;
  }
  lowered->programs.erase(lowered->programs.begin(), lowered->programs.end() - 1);
  program::Program& program = lowered->programs.front();
  if (seed % 8 == 1) sum_in_steps(program);
  if (seed % 2 == 1) edit_schedules(program, seed);
  result.kernels = program.kernels.size();
  for (const program::Kernel& kernel : program.kernels) {
    result.narrow_kernels += kernel.out != program::none && program.tensor(kernel.out).type.element != ElementType::f32 ? 1 : 0;
  }
  const auto trial = driver::Trial::make(*lowered, "random_network", GeneratedWeights(), kernels);
  const Result<> ran = trial ? run(**trial, lowering.goals.back().exact_label(), lowered->graph, result) : Result<>(trial.failure());
  if (!ran) result.why += ran.failure().text;
  return result;
}

}  // namespace resnetc::exactness
