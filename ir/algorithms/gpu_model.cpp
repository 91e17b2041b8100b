/// \file The arithmetic of the model.
#include "ir/algorithms/gpu_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace resnetc::program {

namespace {

constexpr double quarters = 4;  // quarters of a processor, each with a scheduler that issues one instruction a cycle
constexpr double registers_of_quarter = 16384;
constexpr double most_blocks = 32, most_warps = 64, warp_lanes = 32;
constexpr double returned_bytes = 128;  // bytes a cycle from the first-level cache to the registers of a processor
constexpr double latency = 300;         // cycles of a load, mostly from the second-level cache

double count(int64_t extent, int64_t size) {
  const int64_t whole = (extent + size - 1) / size;
  return static_cast<double>(whole);
}

/// One sum of a convolution: its own or that of a projection.
struct Reduction {
  Extent2 kernel, stride, dilation;
  int64_t channels;
  bool aligned;
  double element_bytes;  ///< of its input and its weights
};

std::vector<Reduction> reductions_of(const KernelSpec& spec) {
  std::vector<Reduction> all;
  if (spec.kind != KernelKind::conv2d) return all;
  const OpAttributes& a = spec.attributes;
  all.push_back({a.kernel, a.stride, a.dilation, spec.in.type.channels / a.groups, spec.in.channel_stride % lanes == 0,
                 static_cast<double>(bytes_of(spec.in.type.element))});
  for (const KernelSpec::StepSpec& step : spec.epilogue) {
    if (step.kind == graph::StepKind::project) {
      const TensorType& read = step.operand.type;
      all.push_back({{1, 1}, {1, 1}, {1, 1}, read.channels, true, static_cast<double>(bytes_of(read.element))});
    }
  }
  return all;
}

/// The work of one iteration of a reduction's innermost loop: a row of the window for a few channels.
struct Turn {
  double turns, multiply_adds, loads, registers, loaded_bytes;
};

Turn turn_of(const ThreadSchedule& s, const Reduction& r) {
  const auto at_once = static_cast<double>(!r.aligned            ? (r.channels <= 4 ? r.channels : 1)
                                           : r.channels % 4 == 0 ? 4
                                           : r.channels % 2 == 0 ? 2
                                                                 : 1);
  const auto c = static_cast<double>(s.channels), w = static_cast<double>(s.tiles.w), h = static_cast<double>(s.tiles.h);
  const auto k = static_cast<double>(r.kernel.w);
  // The number of columns that the tile's windows read in one row of the input.
  const double columns = std::min(w * k, (w - 1) * static_cast<double>(r.stride.w) + (k - 1) * static_cast<double>(r.dilation.w) + 1);
  Turn turn{};
  turn.turns = static_cast<double>(r.kernel.h) * static_cast<double>(r.channels) / at_once;
  turn.multiply_adds = c * w * h * k * at_once;
  const double width = r.aligned ? at_once : 1;  // number of elements of one load
  const bool wide = s.channels == 2 || s.channels == 4;
  turn.loads = columns * h * at_once / width + k * at_once * (wide ? 1 : c);
  turn.loaded_bytes = warp_lanes * r.element_bytes * (columns * h * at_once + k * at_once * c);
  turn.registers = columns * at_once * (k == 1 ? h : 1) + k * at_once * c;
  return turn;
}

/// The instructions of address arithmetic and of the loop itself, counted in PTX.
constexpr double turn_overhead = 10;

}  // namespace

std::span<const Gpu> known_gpus() {
  static constexpr std::array<Gpu, 2> gpus = {{
      {"A100", 108, 1.41e9, 0.5, 2.039e12, 64},
      {"H100", 132, 1.83e9, 1.0, 3.35e12, 64},
  }};
  return gpus;
}

const Gpu& a100() { return known_gpus()[0]; }

LaunchCost launch_cost(const KernelSpec& spec) {
  const auto& s = std::get<ThreadSchedule>(spec.schedule);
  const bool store = spec.kind == KernelKind::store, turned = store && spec.in.type.is_picture();
  const TensorType& type = store ? spec.in.type : spec.out.type;
  const int64_t width = turned ? type.channels : s.flat ? type.pixels() : type.width, height = s.flat ? 1 : type.height;
  const int64_t channels = store ? (turned ? type.width : type.channels) : spec.out.stored_channels();
  LaunchCost cost;
  const double tiles = count(width, s.tiles.w) * count(height, s.tiles.h);
  cost.blocks = static_cast<int64_t>(std::ceil(tiles / static_cast<double>(s.block.h)) * count(channels / s.channels, s.block.w));
  cost.threads = s.block.h * s.block.w;
  cost.warps = (cost.threads + 31) / 32;

  double registers = 24 + static_cast<double>(s.channels * s.tiles.h * s.tiles.w), in_turn = 8;
  double multiply_adds = 0, instructions = 0;
  for (const Reduction& r : reductions_of(spec)) {
    const Turn turn = turn_of(s, r);
    in_turn = std::max(in_turn, turn.registers);
    multiply_adds += turn.turns * turn.multiply_adds;
    instructions += turn.turns * (turn.multiply_adds + turn.loads + turn_overhead);
    cost.turns += turn.turns;
    cost.loaded_bytes += turn.turns * turn.loaded_bytes;
    // The weights of the block's channels are read once, and the input once for each tile.
    const double taps = static_cast<double>(r.kernel.h * r.kernel.w), depth = static_cast<double>(r.channels);
    cost.block_bytes += r.element_bytes * taps * depth * static_cast<double>(s.channels * s.block.w);
    const double in_w = static_cast<double>((s.tiles.w - 1) * r.stride.w + (r.kernel.w - 1) * r.dilation.w + 1);
    const double in_h = static_cast<double>((s.tiles.h - 1) * r.stride.h + (r.kernel.h - 1) * r.dilation.h + 1);
    const double groups =
        static_cast<double>(std::max<int64_t>(1, std::min(spec.attributes.groups, s.channels * s.block.w * spec.attributes.groups /
                                                                                      std::max<int64_t>(1, spec.out.type.channels))));
    cost.block_bytes += r.element_bytes * std::min(in_w * in_h, static_cast<double>(s.tiles.w * s.tiles.h) * taps) * depth *
                        static_cast<double>(s.block.h) * groups;
  }
  cost.registers = static_cast<int64_t>(registers + in_turn);
  cost.multiply_add_share = instructions > 0 ? multiply_adds / instructions : 0;
  cost.warp_multiply_adds = multiply_adds;
  // The epilogue takes about a load, an addition and a part of a store for each element.
  constexpr double once = 40, of_an_element = 4;
  cost.warp_instructions = instructions + once + of_an_element * static_cast<double>(s.channels * s.tiles.h * s.tiles.w);
  const double by_registers = quarters * registers_of_quarter / (std::ceil(static_cast<double>(cost.registers) / 8) * 8 * warp_lanes);
  cost.resident_blocks =
      static_cast<int64_t>(std::clamp(std::floor(std::min(by_registers, most_warps) / static_cast<double>(cost.warps)), 1.0, most_blocks));
  cost.occupancy = static_cast<double>(cost.resident_blocks * cost.warps) / most_warps;
  return cost;
}

double memory_bytes(const KernelSpec& spec, int64_t batch) {
  double bytes = 0, weights = 0;
  const auto add = [&](const Tensor& tensor) { bytes += static_cast<double>(tensor.picture_bytes()); };
  if (spec.kind == KernelKind::load) {
    bytes += static_cast<double>(spec.in.type.bytes());
  } else {
    add(spec.in);
  }
  if (spec.kind == KernelKind::store) {
    bytes += static_cast<double>(spec.out.type.bytes());
  } else {
    add(spec.out);
  }
  for (const KernelSpec::StepSpec& step : spec.epilogue) {
    if (info(step.kind).joins()) add(step.operand);
  }
  for (const Reduction& r : reductions_of(spec)) {
    weights += r.element_bytes * static_cast<double>(r.kernel.h * r.kernel.w * r.channels * spec.out.type.channels);
  }
  return bytes * static_cast<double>(batch) + weights;
}

double predicted_seconds(const Gpu& gpu, const KernelSpec& spec, int64_t batch) {
  const LaunchCost cost = launch_cost(spec);
  const auto warps = static_cast<double>(cost.warps);
  const double blocks = static_cast<double>(cost.blocks) * static_cast<double>(batch);
  // The processor with the most blocks, and its quarter with the most warps.
  const double on_processor = std::ceil(blocks / gpu.processors);
  const double on_quarter = std::ceil(on_processor * warps / quarters);
  const double resident = std::max(1.0, std::min(on_quarter, static_cast<double>(cost.resident_blocks) * warps / quarters));
  const double busy = std::max(cost.warp_multiply_adds / gpu.multiply_adds, cost.warp_instructions);
  // While some resident warps wait for their loads, others run. The rounds of resident warps follow one another.
  const double rounds = std::ceil(on_quarter / std::floor(resident));
  const double waiting = rounds * (busy + (std::max(cost.turns, 1.0)) * latency);
  const double issuing = on_quarter * busy;
  const double returning = on_processor * warps * cost.loaded_bytes / returned_bytes;
  const double second_level = on_processor * cost.block_bytes / gpu.cache_bandwidth;
  const double cycles = std::max({issuing, waiting, returning, second_level}) + latency;
  return std::max(cycles / gpu.clock, memory_bytes(spec, batch) / gpu.memory_bandwidth);
}

double roofline_seconds(const Gpu& gpu, const KernelSpec& spec, int64_t multiply_adds, int64_t batch) {
  const double peak = gpu.processors * quarters * gpu.multiply_adds * warp_lanes * gpu.clock;
  return std::max(static_cast<double>(multiply_adds) * static_cast<double>(batch) / peak, memory_bytes(spec, batch) / gpu.memory_bandwidth);
}

}  // namespace resnetc::program
