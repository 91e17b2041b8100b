/// \file The record of kernels on a GPU: the tile of the result that each thread computes, and the threads of a block. A search through all
/// tiles that registers can hold takes the one that the model of gpu_model.h expects to be fastest.
#include "ir/algorithms/threads.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "ir/algorithms/gpu_model.h"
#include "ir/algorithms/implementation.h"

namespace resnetc::program {

namespace {

/// The largest number of registers of a thread, by the model's estimate. The compiler for the GPU needs some more, and there are 255.
constexpr int64_t most_registers = 176;
/// The number of threads of a block for kernels that only move elements.
constexpr int64_t moving_threads = 128;

/// The largest power of two that is at most `value`.
int64_t power_below(int64_t value) { return static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(std::max<int64_t>(value, 1)))); }

/// Chooses the channels of a thread, and the threads of a block along the channels.
void share_channels(ThreadSchedule& s, int64_t channels, int64_t wanted, int64_t most_across) {
  s.channels = wanted;
  while (channels % s.channels != 0) --s.channels;
  s.block.w = std::min(most_across, power_below(channels / s.channels));
}

struct Candidate {
  ThreadSchedule schedule;
  double seconds;
  double multiply_add_share;
};

/// All tiles that registers can hold, with blocks of one, two and four warps.
std::vector<Candidate> candidates_of(const KernelSpec& spec, int64_t batch) {
  const TensorType& type = spec.out.type;
  std::vector<Candidate> candidates;
  KernelSpec trial = spec;
  ThreadSchedule& s = trial.schedule.emplace<ThreadSchedule>();
  s.flat = has_one_axis(spec);
  const int64_t width = s.flat ? type.pixels() : type.width, height = s.flat ? 1 : type.height;
  for (int64_t channels : {4, 2, 1}) {
    share_channels(s, spec.out.stored_channels(), channels, 32);
    if (s.channels != channels) continue;
    for (int64_t h = 1; h <= std::min<int64_t>(height, 8); ++h) {
      for (int64_t w = 1; w <= std::min<int64_t>(width, 32) && channels * h * w <= max_thread_tile; ++w) {
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

/// Among the candidates that are expected to be nearly as fast as the fastest, chooses the one whose inner loop loads least for each
/// multiply-add, because the model does not know the cost of loads well.
ThreadSchedule schedule_of_convolution(const KernelSpec& spec, int64_t batch) {
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

/// Whether the kernel writes a part of a tensor that begins within a vector.
bool splits_vectors(const KernelSpec& spec) { return spec.out.first_channel % lanes != 0; }

/// Whether neighbouring channels of the result come from channels that are no neighbours.
bool gathers(KernelKind kind) {
  return kind == KernelKind::flatten || kind == KernelKind::unflatten || kind == KernelKind::transpose ||
         kind == KernelKind::pixel_shuffle || kind == KernelKind::pixel_unshuffle || kind == KernelKind::channel_shuffle;
}

ThreadSchedule schedule_of_move(const KernelSpec& spec) {
  ThreadSchedule s;
  const bool store = spec.kind == KernelKind::store, turned = store && spec.in.type.is_picture();
  const TensorType& type = store ? spec.in.type : spec.out.type;
  const int64_t channels = store ? (turned ? type.width : type.channels) : spec.out.stored_channels();
  const int64_t tiles = turned ? type.channels * type.height : type.pixels();
  const bool softmax = spec.kind == KernelKind::softmax;
  if (softmax && spec.attributes.parts == 0) {
    s.channels = 1;
    s.block = {1, lanes};
    return s;
  }
  // Each thread of a store has one element: neighbouring threads then write whole lines, whatever the length of the row. A global pool has
  // few elements. Where pixels do not begin with a whole vector, four elements could not be stored at once,
  // and where they are gathered, four loads would be needed for them.
  const bool global = program::family_of(spec.kind) == program::KernelFamily::global_pool;
  const bool one = store || global || softmax || splits_vectors(spec) || gathers(spec.kind);
  share_channels(s, channels, one ? 1 : channels < 4 ? channels : 4, 32);
  s.block.h = std::min(moving_threads / s.block.w, power_below(2 * tiles - 1));
  return s;
}

class Threads final : public Implementation {
 public:
  Threads() : Implementation(Device::cuda) {}

  bool computes(KernelKind) const override { return true; }

  /// Convolutions are direct sums.
  std::string_view algorithm(KernelKind kind) const override {
    return kind == KernelKind::conv2d ? DirectSchedule::name : GeneralSchedule::name;
  }

  Fault fault(const KernelSpec& spec) const override {
    if (spec.pool) return "a GPU's kernel cannot pool what it computes";
    const auto& s = std::get<ThreadSchedule>(spec.schedule);
    const Extent2 t = s.tiles, b = s.block;
    if (s.flat && !has_one_axis(spec)) return "only a 1x1 convolution whose pixels lie along one axis can be flat";
    if (s.channels < 1 || s.channels > max_thread_channels || t.h < 1 || t.w < 1 || t.h > max_thread_tile || t.w > max_thread_tile ||
        s.channels * t.h * t.w > max_thread_tile) {
      return fmt::format("channels={} and tiles={} are out of range: channels are 1 to {}, and a thread makes 1 to {} elements", s.channels,
                         to_string(t), max_thread_channels, max_thread_tile);
    }
    if (splits_vectors(spec) && s.channels != 1) {
      return fmt::format("channels={} is out of range: its result begins within a vector, so each thread writes one", s.channels);
    }
    if (spec.kind == KernelKind::softmax && spec.attributes.parts != 0 && s.channels != 1) {
      return fmt::format("channels={} is out of range: each thread of a softmax over parts writes one", s.channels);
    }
    if (b.h < 1 || b.w < 1 || b.h > max_block || b.w > max_block || b.h * b.w > max_block) {
      return fmt::format("block={} is out of range: a block has 1 to {} threads", to_string(b), max_block);
    }
    const bool store = spec.kind == KernelKind::store;
    const TensorType& type = store ? spec.in.type : spec.out.type;
    const bool turned = store && type.is_picture();
    const int64_t channels = store ? (turned ? type.width : type.channels) : spec.out.stored_channels();
    const std::string_view unit = turned ? "columns" : "channels";
    if (channels % s.channels != 0) return fmt::format("channels={} does not divide its {} {}", s.channels, channels, unit);
    const int64_t width = turned ? type.channels : s.flat ? type.pixels() : type.width, height = s.flat ? 1 : type.height;
    if (t.w > width || t.h > height) {
      return fmt::format("tiles={} are larger than what is shared in tiles, {}x{}", to_string(t), height, width);
    }
    if (b.w > channels / s.channels) {
      return fmt::format("{} threads side by side with channels={} would have {} {}, of which there are {}", b.w, s.channels,
                         b.w * s.channels, unit, channels);
    }
    return std::nullopt;
  }

  Packing weight_packing(const OpAttributes&, int64_t, const Schedule& schedule) const override { return projection_packing(schedule); }

  /// The channels of a block of threads are adjacent.
  Packing projection_packing(const Schedule& schedule) const override {
    const auto& s = std::get<ThreadSchedule>(schedule);
    return {.kind = RecipeKind::pack_blocks, .block = s.channels * s.block.w};
  }

  bool writes_once(const KernelSpec&) const override { return false; }

  ScheduleChoice choose(const Situation& situation, const AlgorithmChoice&) const override {
    const int64_t batch = situation.batch;
    KernelSpec chosen = situation.spec;
    const bool convolution = chosen.kind == KernelKind::conv2d;
    const ThreadSchedule s = convolution ? schedule_of_convolution(chosen, batch) : schedule_of_move(chosen);
    chosen.schedule = s;
    const LaunchCost cost = launch_cost(chosen);
    std::string reason = fmt::format("grid of {} block{} a picture, {} thread{} each", cost.blocks, cost.blocks == 1 ? "" : "s",
                                     cost.threads, cost.threads == 1 ? "" : "s");
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
};

}  // namespace

const Implementation& implementation_of(const ThreadSchedule&) {
  static const Threads threads;
  return threads;
}

}  // namespace resnetc::program
