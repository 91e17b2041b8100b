/// \file The record of convolutions in narrow groups: the packing of their weights, and their register tiles and tasks.
#include "ir/algorithms/grouped.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "ir/algorithms/implementation.h"
#include "ir/algorithms/machine_model.h"
#include "ir/quantized.h"

namespace resnetc::program {

namespace {

/// The channels of one group, which a shuffle within 128 bits can reach on every target; 0 if a convolution has no such groups.
int64_t narrow_group(const OpAttributes& a, const TensorType& in, const TensorType& out) {
  if (a.groups <= 1 || in.channels != out.channels) return 0;
  const int64_t channels = in.channels / a.groups;
  return channels == 1 || channels == 2 || channels == 4 ? channels : 0;
}

/// Whether float32 holds the sums of integers: each partial sum, and what a bias with the zeros' part makes of it, is at most 2^24 in
/// absolute value.
bool are_exact(int64_t products) {
  constexpr int64_t exact = int64_t{1} << 24;
  return 2 * products * graph::largest_product + graph::largest_bias <= exact;
}

/// Whether an integer convolution in groups of so many channels can be summed in float32. Projections have finer steps, and so larger sums.
bool are_exact(const Convolution& c, int64_t group) {
  return !sums_integers(c) || (c.projected.empty() && are_exact(c.attributes.kernel.h * c.attributes.kernel.w * group));
}

/// The multiply-adds of a result.
int64_t taps_of(const KernelSpec& spec) {
  const OpAttributes& a = spec.attributes;
  return a.kernel.h * a.kernel.w * (spec.out.type.channels / a.groups);
}

/// A register tile and its cost for each pixel of the result and each register of channels.
struct GroupedTile {
  Extent2 size;
  double cycles = 0;
};

/// The number of elements of the input from the first to the last that `results` neighbours along one axis read.
int64_t reach_of(int64_t results, int64_t kernel, int64_t stride, int64_t dilation) {
  return (results - 1) * stride + (kernel - 1) * dilation + 1;
}

/// The number of elements of the input that `results` neighbours along one axis read, each counted once.
int64_t span_of(int64_t results, int64_t kernel, int64_t stride, int64_t dilation) {
  return std::min(results * kernel, reach_of(results, kernel, stride, dilation));
}

/// The number of pixels of the input that a tile reads, each counted once.
int64_t pixels_of(Extent2 tile, const OpAttributes& a) {
  return span_of(tile.h, a.kernel.h, a.stride.h, a.dilation.h) * span_of(tile.w, a.kernel.w, a.stride.w, a.dilation.w);
}

/// The columns of a tile if the input comes from far away; otherwise nothing. All channels of a pixel lie together and those of the next
/// pixel follow, so a tile of few columns reads each of its rows from left to right, and the processor fetches the rest of the row ahead. A
/// wider tile jumps from pixel to pixel for each vector of channels.
///
/// For a window of few elements, far is beyond the first-level cache: a chain of eight 3x3 windows over 112x112 pixels of 144 channels
/// takes 47 ms with tiles of 1x5, 27 with 2x2, 23 with 2x3, and 15 with 3x1 and 4x1 (Zen 3, AVX2; bench/chains.py, 'resnetc bench
/// --threads 1', the program's text edited). Others compute longer, so for them far is where not even the rows of one window stay in the
/// second-level cache: 7x7 windows over 112x112 pixels of 512 channels take 69 ms with tiles of 2x7, 65 with 4x1 and 59 with 4x2 (Intel
/// Xeon with AVX-512).
std::optional<int64_t> columns_along_rows(const KernelSpec& spec, const Machine& machine) {
  constexpr int64_t few = 9;
  const OpAttributes& a = spec.attributes;
  if (taps_of(spec) <= few) {
    if (spec.in.type.pixels() * spec.in.pixel_bytes() > machine.first.bytes) return 1;
  } else if (reach_of(2, a.kernel.h, a.stride.h, a.dilation.h) * spec.in.row_bytes() > machine.second.bytes) {
    return 2;
  }
  return std::nullopt;
}

/// The most sums of a tile: nearly half of the registers, because the others hold the input and the weights; fewer if the input is
/// shuffled. With more, the compiler keeps sums in memory. Chains of eight 5x5 windows over 28x28 pixels of 144 channels take 0.35 ms with
/// tiles of 2x7, 0.45 with 4x4 and 0.74 with 2x10 (Intel Xeon with AVX-512), and with 16 registers 0.50 ms with 2x4 and 0.65 with 2x5
/// (AVX2). 3x3 windows in groups of 4 over 28x28 pixels of 128 channels take 0.50 ms with 2x4 and 0.60 with 2x7 (AVX-512).
int64_t most_sums(const Target& target, int64_t group) { return group == 1 && target.registers.count >= 32 ? 15 : 8; }

/// The tiles that registers can hold, fastest first. A cycle has two multiply-adds and two loads, and the time is close to that of both
/// together. Each result also costs its epilogue and its store. If the window is not unrolled, each of its rows loads the input anew, and
/// no tile begins before the one before it has ended, so a sum waits for its own multiply-adds.
std::vector<GroupedTile> tiles_of(const Situation& situation) {
  const KernelSpec& spec = situation.spec;
  const OpAttributes& a = spec.attributes;
  const TensorType& out = spec.out.type;
  constexpr double cycles_of_a_result = 1, cycles_of_a_tile = 4;
  const Machine& machine = situation.machine;
  const VectorRates& rates = machine.rates(situation.target.registers.bytes);
  const int64_t group = out.channels / a.groups;
  const auto taps = static_cast<double>(taps_of(spec));
  const bool unrolled = is_window_unrolled(spec);
  const std::optional<int64_t> most_columns = columns_along_rows(spec, machine);
  std::vector<GroupedTile> tiles;
  for (int64_t h = 1; h <= std::min<int64_t>(out.height, 4); ++h) {
    for (int64_t w = 1; w <= std::min<int64_t>(out.width, most_columns.value_or(16)); ++w) {
      // The lines of a far input and of the results must find room together in the first-level cache.
      const bool fits = most_columns ? lines_in_one_set(machine, pixels_of({h, w}, a), spec.in.pixel_bytes()) + h <= machine.first_ways
                                     : h * w <= most_sums(situation.target, group);
      if (h * w > 1 && !fits) continue;
      const auto count = static_cast<double>(h * w);
      const int64_t pixels = unrolled ? pixels_of({h, w}, a) : a.kernel.h * h * span_of(w, a.kernel.w, a.stride.w, a.dilation.w);
      double busy = count * taps / rates.multiply_adds + (static_cast<double>(group * pixels) + taps) / rates.loads;
      if (!unrolled) busy = std::max(busy, taps * chained_cycles(machine));
      busy += count * cycles_of_a_result + cycles_of_a_tile;
      const auto computed = static_cast<double>(rounded(out.height, h) * rounded(out.width, w));
      tiles.push_back({{h, w}, busy / count * computed / static_cast<double>(out.pixels())});
    }
  }
  return ranked(tiles, [](const GroupedTile& tile) { return tile.cycles; });
}

/// Divides the work into tasks. A task has all channels of its pixels if enough rows are there to share, because they lie side by side in
/// memory: a chain of eight 5x5 windows over 112x112 pixels of 144 channels takes 9.6 ms with all channels and 15.5 ms with a sixteenth
/// part; over 28x28 pixels, the same (Intel Xeon with AVX-512; bench/chains.py, 'resnetc bench --threads 1', the program's text edited).
void divide(const Situation& situation, GroupedSchedule& schedule) {
  constexpr int64_t fewest_vectors = 4;
  constexpr double worth_a_division = 0.95;
  const int64_t blocks = channel_blocks(situation.spec), tiles_down = ceil_div(situation.spec.out.type.height, schedule.tiles.h);
  double least = 0;
  for (int64_t parts = 1; parts == 1 || blocks / parts >= fewest_vectors; ++parts) {
    if (blocks % parts != 0) continue;
    const int64_t rows = choose_rows(tiles_down, parts, situation.multiply_adds);
    const double now = rows == 0 ? 0 : imbalance(tiles_down, rows, parts);
    if (parts > 1 && now >= worth_a_division * least) continue;
    least = now;
    schedule.vectors = blocks / parts;
    schedule.rows = rows;
  }
}

class Grouped final : public Implementation {
 public:
  std::string_view algorithm(KernelKind) const override { return GroupedSchedule::name; }
  bool applies(const KernelSpec& spec) const override { return can_be_grouped(spec); }

  Fault fault(const KernelSpec& spec) const override {
    const GroupedSchedule& s = std::get<GroupedSchedule>(spec.schedule);
    if (Fault fault = pool_fault(spec)) return fault;
    if (!can_be_grouped(spec)) {
      return "grouped schedules are for convolutions of which each group has 1, 2 or 4 channels and as many results, stored in whole "
             "vectors, and of integers only for sums that float32 holds";
    }
    if (s.channels != 16 && s.channels != 8 && s.channels != 4) return fmt::format("channels={} is none of 16, 8 and 4", s.channels);
    const Extent2 t = s.tiles;
    if (t.h < 1 || t.w < 1 || t.h > max_tile || t.w > max_tile || t.h * t.w > max_tile) {
      return fmt::format("a register tile of {} pixels is out of range: their product is 1 to {}", to_string(t), max_tile);
    }
    if (s.vectors < 1 || s.vectors > channel_blocks(spec)) {
      return fmt::format("tasks of {} vectors of channels are out of range: 1 to {}", s.vectors, channel_blocks(spec));
    }
    return rows_fault(s.rows, ceil_div(spec.out.type.height, t.h), "rows of tiles");
  }

  /// A chain of eight 5x5 windows over 28x28 pixels of 512 channels takes 3.9 ms without the gap and 2.0 ms with it. With fewer channels
  /// the gain is smaller: 7x7 windows take 0.83 to 0.92 of the time with 384 channels, and 0.92 to 0.94 with 128. 3x3 windows of 256
  /// channels gain nothing and lose nothing (Intel Xeon with AVX-512; bench/chains.py, 'resnetc bench --threads 1', the program's text
  /// edited).
  bool wants_gap(const Convolution& c, const Machine& machine) const override {
    constexpr Extent2 typical{2, 7};  // a tile of a target with 32 registers
    const int64_t pixel_bytes = bytes_of(c.in.element, whole_vectors(c.in.channels));
    return lines_in_one_set(machine, pixels_of(typical, c.attributes), pixel_bytes) > machine.first_ways;
  }

  /// The weights are packed as a vector of channels for each element of the window.
  Packing weight_packing(const OpAttributes&, int64_t, const Schedule&) const override {
    return {.kind = RecipeKind::pack_blocks, .block = lanes};
  }

  bool writes_once(const KernelSpec& spec) const override {
    const Extent2 t = std::get<GroupedSchedule>(spec.schedule).tiles;
    const TensorType& out = spec.out.type;
    return out.height % std::min(t.h, out.height) == 0 && out.width % std::min(t.w, out.width) == 0;
  }

  std::vector<AlgorithmChoice> choices(const Convolution& c, const Machine&, int64_t) const override {
    const bool in_vectors = !c.dense || c.in.channels % lanes == 0;
    const int64_t group = narrow_group(c.attributes, c.in, c.out);
    if (group == 0 || !in_vectors || !are_exact(c, group)) return {};
    return {{this}};
  }

  ElementType packed_type(const Convolution& c, const AlgorithmChoice&) const override { return c.weight; }

  double work(const Convolution& c, const AlgorithmChoice&, const Machine&) const override {
    constexpr double efficiency = 0.5;
    return static_cast<double>(c.out.pixels()) * checkpoint_elements(c) / efficiency;
  }

  ScheduleChoice choose(const Situation& situation, const AlgorithmChoice&) const override {
    const GroupedTile tile = tiles_of(situation).front();
    const GroupedSchedule s = with_tile(situation, tile);
    const int64_t group = situation.spec.out.type.channels / situation.spec.attributes.groups;
    std::string reason = fmt::format("{}, {} channels x {} pixels in registers",
                                     group == 1 ? "depthwise convolution" : fmt::format("convolution in groups of {} channels", group),
                                     s.channels, to_string(s.tiles));
    const int64_t parts = channel_blocks(situation.spec) / s.vectors;
    reason += s.rows == 0 ? std::string("; too little work to share between threads")
                          : fmt::format("; {} tasks", ceil_div(ceil_div(situation.spec.out.type.height, s.tiles.h), s.rows) * parts);
    const int64_t results = situation.spec.out.type.pixels() * ceil_div(situation.spec.out.type.channels, s.channels);
    return {s, reason, {tile.cycles * static_cast<double>(results) / situation.machine.cycles_a_second, ""}};
  }

  /// Also offers other tiles, and tasks with fewer and more channels.
  std::vector<Schedule> candidates(const Situation& situation, const AlgorithmChoice&) const override {
    constexpr size_t most_tiles = 4;
    const std::vector<GroupedTile> tiles = tiles_of(situation);
    const int64_t blocks = channel_blocks(situation.spec);
    std::vector<Schedule> candidates;
    for (size_t t = 0; t < std::min(most_tiles, tiles.size()); ++t) {
      const GroupedSchedule now = with_tile(situation, tiles[t]);
      candidates.push_back(now);
      if (t > 1) continue;
      for (int64_t wanted : {now.vectors / 2, 2 * now.vectors, blocks}) {
        GroupedSchedule other = now;
        other.vectors = divisor_at_most(blocks, wanted);
        if (other != now) candidates.push_back(other);
      }
    }
    return candidates;
  }

 private:
  static GroupedSchedule with_tile(const Situation& situation, const GroupedTile& tile) {
    GroupedSchedule s;
    s.channels = register_lanes(situation.target);
    s.tiles = tile.size;
    divide(situation, s);
    return s;
  }
};

}  // namespace

const Implementation& implementation_of(const GroupedSchedule&) {
  static const Grouped grouped;
  return grouped;
}

bool can_be_grouped(const KernelSpec& spec) {
  if (spec.kind != KernelKind::conv2d || !spec.in.type.is_picture()) return false;
  const int64_t group = narrow_group(spec.attributes, spec.in.type, spec.out.type);
  return group != 0 && spec.in.stored_channels() == whole_vectors(spec.in.type.channels) && are_exact(convolution_of(spec), group);
}

bool is_window_unrolled(const KernelSpec& spec) { return taps_of(spec) <= 49; }

}  // namespace resnetc::program
