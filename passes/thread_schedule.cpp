/// \file A search through all tiles that registers can hold.
#include "passes/thread_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "passes/gpu_model.h"
#include "passes/machine_model.h"

namespace resnetc::passes {

namespace {

using program::KernelKind;
using program::KernelSpec;
using program::Schedule;

/// Of a thread, by the model's estimate: the compiler for the GPU needs some more, of 255.
constexpr int64_t most_registers = 176;
/// Threads of a block for kernels that only move elements.
constexpr int64_t moving_threads = 128;

/// The largest power of two that is at most `value`.
int64_t power_below(int64_t value) { return static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(std::max<int64_t>(value, 1)))); }

/// The thread's channels and a block's threads along them.
void share_channels(Schedule& s, int64_t channels, int64_t wanted, int64_t most_across) {
  s.channels = wanted;
  while (channels % s.channels != 0) --s.channels;
  s.block.w = std::min(most_across, power_below(channels / s.channels));
}

struct Candidate {
  Schedule schedule;
  double seconds;
  double multiply_add_share;
};

/// Tiles that registers can hold, with blocks of one, two and four warps.
std::vector<Candidate> candidates_of(const KernelSpec& spec, int64_t batch) {
  const TensorType& type = spec.out.type;
  std::vector<Candidate> candidates;
  KernelSpec trial = spec;
  Schedule& s = trial.schedule;
  s = {};
  s.algorithm = program::Algorithm::threads;
  s.flat = has_one_axis(spec);
  const int64_t width = s.flat ? type.pixels() : type.width, height = s.flat ? 1 : type.height;
  for (int64_t channels : {4, 2, 1}) {
    share_channels(s, spec.out.channel_stride, channels, 32);
    if (s.channels != channels) continue;
    for (int64_t h = 1; h <= std::min<int64_t>(height, 8); ++h) {
      for (int64_t w = 1; w <= std::min<int64_t>(width, 32) && channels * h * w <= program::max_thread_tile; ++w) {
        s.tiles = {h, w};
        s.block.h = 1;
        if (launch_cost(trial).registers > most_registers) continue;
        const int64_t tiles = ceil_div(width, w) * ceil_div(height, h);
        for (int64_t threads : {32, 64, 128}) {
          s.block.h = std::min(std::max<int64_t>(threads / s.block.w, 1), power_below(2 * tiles - 1));
          candidates.push_back({s, predicted_seconds(a100(), trial, batch), launch_cost(trial).multiply_add_share});
        }
      }
    }
  }
  return candidates;
}

/// Of those that are expected to be nearly as fast as the fastest, the one whose inner loop loads least for what it sums: the model knows
/// little of what loads cost.
Schedule schedule_of_convolution(const KernelSpec& spec, int64_t batch) {
  constexpr double nearly = 1.06;
  const std::vector<Candidate> candidates = candidates_of(spec, batch);
  const auto faster = [](const Candidate& a, const Candidate& b) { return a.seconds < b.seconds; };
  const double least = std::min_element(candidates.begin(), candidates.end(), faster)->seconds;
  const Candidate* best = nullptr;
  for (const Candidate& candidate : candidates) {
    if (candidate.seconds > nearly * least) continue;
    if (best == nullptr || candidate.multiply_add_share > best->multiply_add_share + 1e-9) best = &candidate;
  }
  return best->schedule;
}

Schedule schedule_of_move(const KernelSpec& spec) {
  Schedule s;
  s.algorithm = program::Algorithm::threads;
  const bool store = spec.kind == KernelKind::store, turned = store && spec.in.type.rank == 4;
  const TensorType& type = store ? spec.in.type : spec.out.type;
  const int64_t channels = store ? (turned ? type.width : type.channels) : spec.out.channel_stride;
  const int64_t tiles = turned ? type.channels * type.height : type.pixels();
  if (spec.kind == KernelKind::softmax) {
    s.channels = 1;
    s.block = {1, lanes};
    return s;
  }
  // A store's threads have an element each: side by side they make whole lines, whatever the rest of the row. A global pool's are few.
  const bool one = store || spec.kind == KernelKind::global_avg_pool;
  share_channels(s, channels, one ? 1 : channels < 4 ? channels : 4, 32);
  s.block.h = std::min(moving_threads / s.block.w, power_below(2 * tiles - 1));
  return s;
}

}  // namespace

ScheduleChoice choose_thread_schedule(const KernelSpec& spec, int64_t batch) {
  KernelSpec chosen = spec;
  const bool convolution = spec.kind == KernelKind::conv2d;
  chosen.schedule = convolution ? schedule_of_convolution(spec, batch) : schedule_of_move(spec);
  const LaunchCost cost = launch_cost(chosen);
  const Schedule& s = chosen.schedule;
  std::string reason = fmt::format("grid of {} block{} a picture, {} thread{} each", cost.blocks, cost.blocks == 1 ? "" : "s", cost.threads,
                                   cost.threads == 1 ? "" : "s");
  if (convolution) {
    reason += fmt::format("; {} x {} sums a thread, about {} registers; {:.0f}% of the inner loop multiply and add", s.channels,
                          s.tiles.h * s.tiles.w, cost.registers, 100 * cost.multiply_add_share);
  }
  for (const Gpu& gpu : known_gpus()) {
    reason += fmt::format("; {:.1f} us expected on an {} for {} picture{}", 1e6 * predicted_seconds(gpu, chosen, batch), gpu.name, batch,
                          batch == 1 ? "" : "s");
  }
  return {s, reason};
}

}  // namespace resnetc::passes
