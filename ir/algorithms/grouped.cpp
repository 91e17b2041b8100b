/// \file The record of convolutions in narrow groups: the packing of their weights, and their register tiles and tasks.
#include "ir/algorithms/grouped.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/algorithms/implementation.h"
#include "ir/algorithms/machine_model.h"

namespace resnetc::program {

namespace {

/// The channels of one group, which a shuffle within 128 bits can reach on every target; 0 if a convolution has no such groups.
int64_t narrow_group(const OpAttributes& a, const TensorType& in, const TensorType& out) {
  if (a.groups <= 1 || in.channels != out.channels) return 0;
  const int64_t channels = in.channels / a.groups;
  return channels == 1 || channels == 2 || channels == 4 ? channels : 0;
}

/// A register tile and its cost for each pixel of the result.
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

/// The number of registers that a row of the tile's input needs while its elements are multiplied by one weight after the other.
int64_t live_columns(int64_t results, int64_t kernel, int64_t stride) {
  return kernel > stride ? results + ceil_div(kernel, stride) - 1 : 1;
}

/// The number of lines of memory that the elements of a tile need in the fullest set of the first-level cache, of one vector of channels.
int64_t lines_in_fullest_set(const KernelSpec& spec, const Machine& machine, Extent2 tile) {
  const int64_t pixel_bytes = bytes_of(spec.in.type.element, spec.in.channel_stride);
  return lines_in_one_set(machine, pixels_of(tile, spec.attributes), pixel_bytes);
}

/// Whether a tile should have one column, because the input comes from beyond the first-level cache. All channels of a pixel lie together
/// and those of the next pixel follow, so a tile of one column reads each of its rows from left to right, and the processor fetches the
/// rest of the row ahead. A wider tile jumps from pixel to pixel for each vector of channels. A chain of eight 3x3 windows over 112x112
/// pixels of 144 channels takes 47 ms with tiles of 1x5, 27 with 2x2, 23 with 2x3, and 15 with 3x1 and 4x1 (Zen 3, AVX2; bench/chains.py,
/// 'resnetc bench --threads 1', the program's text edited). A window that is not unrolled needs more sums than one column has.
bool reads_along_rows(const KernelSpec& spec, const Machine& machine) {
  return is_window_unrolled(spec) &&
         bytes_of(spec.in.type.element, spec.in.type.pixels() * spec.in.channel_stride) > machine.first_cache_bytes;
}

/// The tiles that registers can hold, fastest first. Registers must hold the sums, and should hold the current row of the input, and for
/// each row of the tile a weight and the values that the compiler loads ahead (their number was found by looking for spills; a tile of one
/// column spills few). A cycle has two multiply-adds and somewhat fewer loads. Each result also costs its epilogue and its store.
///
/// If the window is not unrolled, no tile begins before the one before it has ended: a sum waits for its own multiply-adds. So a tile with
/// more sums is worth the registers that it spills, each of which costs a store and a load for each row of the window. A chain of
/// eight 7x7 windows over 28x28 pixels of 528 channels takes 9.9 ms with tiles of 1x3, which spill nothing, and 5.2 ms with 2x4; 5x5
/// windows take 4.8 ms with 1x4 and 2.7 ms with 2x4 (Zen 3, AVX2).
std::vector<GroupedTile> tiles_of(const Situation& situation) {
  const KernelSpec& spec = situation.spec;
  const OpAttributes& a = spec.attributes;
  const RegisterFile file = registers_of(situation.target);
  const TensorType& out = spec.out.type;
  constexpr double reached_loads = 0.75, cycles_of_a_result = 1, cycles_of_a_tile = 4;
  const Machine& machine = situation.machine;
  const int64_t group = out.channels / a.groups;
  const auto taps = static_cast<double>(a.kernel.h * a.kernel.w * group);
  const bool unrolled = is_window_unrolled(spec), one_column = reads_along_rows(spec, machine);
  std::vector<GroupedTile> tiles;
  for (int64_t h = 1; h <= std::min<int64_t>(out.height, 4); ++h) {
    for (int64_t w = 1; w <= std::min<int64_t>(out.width, one_column ? 1 : 16); ++w) {
      const int64_t registers = h * w + live_columns(w, a.kernel.w, a.stride.w) + 3 * h;
      const int64_t spilled = std::max<int64_t>(registers - file.registers, 0);
      // The lines of a column's input and of its results must find room together in the first-level cache.
      const bool fits = one_column ? lines_in_fullest_set(spec, machine, {h, w}) + h <= machine.first_cache_ways
                        : unrolled ? spilled == 0
                                   : h * w <= file.registers - 2;
      if (h * w > 1 && !fits) continue;
      const auto count = static_cast<double>(h * w);
      const auto inputs = static_cast<double>(group * pixels_of({h, w}, a));
      double busy = std::max(count * taps / machine.vector_operations, (inputs + taps) / (reached_loads * machine.vector_loads));
      if (!unrolled) busy = std::max(busy, taps * machine.latency) + static_cast<double>(2 * spilled * a.kernel.h * group);
      busy += count * cycles_of_a_result + cycles_of_a_tile;
      const auto computed = static_cast<double>(rounded(out.height, h) * rounded(out.width, w));
      tiles.push_back({{h, w}, busy / count * computed / static_cast<double>(out.pixels())});
    }
  }
  return ranked(tiles, [](const GroupedTile& tile) { return tile.cycles; });
}

/// The number of vectors of channels of a task: all if the tiles read along rows, and otherwise as many as allow the rows that the windows
/// of a row of tiles share to stay in two thirds of the first-level cache.
int64_t vectors_of(const KernelSpec& spec, const Machine& machine, const GroupedTile& tile) {
  if (reads_along_rows(spec, machine)) return ceil_div(spec.out.channel_stride, lanes);
  const int64_t cache_bytes = machine.first_cache_bytes * 2 / 3;
  const OpAttributes& a = spec.attributes;
  const int64_t rows = reach_of(tile.size.h, a.kernel.h, a.stride.h, a.dilation.h);
  const int64_t bytes = bytes_of(spec.in.type.element, rows * (spec.in.type.width + 2 * spec.in.halo.w) * lanes);
  return divisor_at_most(ceil_div(spec.out.channel_stride, lanes), std::max<int64_t>(cache_bytes / bytes, 1));
}

/// Whether the pixels that a tile reads push each other out of the first-level cache, because they lie a multiple of a large power of two
/// bytes apart. A copy of them costs a load and a store for each element, which only a window with many elements is worth: a chain of eight
/// 7x7 windows over 28x28 pixels of 512 channels takes 22 ms without the copies and 8 ms with them (Zen 3, AVX2;
/// bench/chains.py, 'resnetc bench --threads 1', the program's text edited).
bool worth_a_copy(const KernelSpec& spec, const Machine& machine, const GroupedTile& tile) {
  return !is_window_unrolled(spec) && lines_in_fullest_set(spec, machine, tile.size) > machine.first_cache_ways;
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
             "vectors";
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

  /// The weights are packed as a vector of channels for each element of the window.
  Packing weight_packing(const OpAttributes&, int64_t, const Schedule&) const override {
    return {.kind = RecipeKind::pack_blocks, .block = lanes};
  }

  std::vector<ScratchBuffer> scratch(const KernelSpec& spec) const override {
    if (!std::get<GroupedSchedule>(spec.schedule).staged) return {};
    return {copied_pixels(spec)};
  }

  bool writes_once(const KernelSpec& spec) const override {
    const Extent2 t = std::get<GroupedSchedule>(spec.schedule).tiles;
    const TensorType& out = spec.out.type;
    return out.height % std::min(t.h, out.height) == 0 && out.width % std::min(t.w, out.width) == 0;
  }

  std::vector<AlgorithmChoice> choices(const Convolution& c, const Machine&, int64_t) const override {
    const bool vectors = !c.dense || c.in.channels % lanes == 0;
    if (narrow_group(c.attributes, c.in, c.out) == 0 || !vectors) return {};
    return {{this}};
  }

  double work(const Convolution& c, const AlgorithmChoice&) const override {
    constexpr double efficiency = 0.5;
    return static_cast<double>(c.out.pixels()) * checkpoint_elements(c) / efficiency;
  }

  ScheduleChoice choose(const Situation& situation, const AlgorithmChoice&) const override {
    const GroupedSchedule s = with_tile(situation, tiles_of(situation).front());
    const int64_t group = situation.spec.out.type.channels / situation.spec.attributes.groups;
    std::string reason = fmt::format("{}, {} channels x {} pixels in registers",
                                     group == 1 ? "depthwise convolution" : fmt::format("convolution in groups of {} channels", group),
                                     s.channels, to_string(s.tiles));
    const int64_t parts = ceil_div(situation.spec.out.channel_stride, lanes) / s.vectors;
    if (s.staged) reason += ", whose input is copied because its pixels share sets of the cache";
    reason += s.rows == 0 ? std::string("; too little work to share between threads")
                          : fmt::format("; {} tasks", ceil_div(ceil_div(situation.spec.out.type.height, s.tiles.h), s.rows) * parts);
    return {s, reason};
  }

  /// Also offers other tiles, and tasks with fewer and more channels.
  std::vector<Schedule> candidates(const Situation& situation, const AlgorithmChoice&) const override {
    constexpr size_t most_tiles = 4;
    const std::vector<GroupedTile> tiles = tiles_of(situation);
    const int64_t blocks = ceil_div(situation.spec.out.channel_stride, lanes);
    std::vector<Schedule> candidates;
    for (size_t t = 0; t < std::min(most_tiles, tiles.size()); ++t) {
      const GroupedSchedule now = with_tile(situation, tiles[t]);
      candidates.push_back(now);
      if (t > 1) continue;
      GroupedSchedule copied = now;
      copied.staged = !now.staged;
      candidates.push_back(copied);
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
    const KernelSpec& spec = situation.spec;
    GroupedSchedule s;
    s.channels = register_lanes(situation.target);
    s.tiles = tile.size;
    s.vectors = vectors_of(spec, situation.machine, tile);
    s.staged = worth_a_copy(spec, situation.machine, tile);
    s.rows = choose_rows(situation.machine, ceil_div(spec.out.type.height, s.tiles.h), ceil_div(spec.out.channel_stride, lanes) / s.vectors,
                         situation.multiply_adds);
    return s;
  }
};

}  // namespace

const Implementation& implementation_of(const GroupedSchedule&) {
  static const Grouped grouped;
  return grouped;
}

bool can_be_grouped(const KernelSpec& spec) {
  return spec.kind == KernelKind::conv2d && spec.in.type.rank == 4 && narrow_group(spec.attributes, spec.in.type, spec.out.type) != 0 &&
         spec.in.channel_stride == whole_vectors(spec.in.type.channels);
}

bool is_window_unrolled(const KernelSpec& spec) {
  const OpAttributes& a = spec.attributes;
  return a.kernel.h * a.kernel.w * (spec.out.type.channels / a.groups) <= 9;
}

ScratchBuffer copied_pixels(const KernelSpec& spec) {
  const OpAttributes& a = spec.attributes;
  const TensorType& out = spec.out.type;
  const int64_t rows = std::min(std::get<GroupedSchedule>(spec.schedule).tiles.h, out.height);
  return {"pixels",
          {{"c", lanes},
           {"x", reach_of(out.width, a.kernel.w, a.stride.w, a.dilation.w)},
           {"y", reach_of(rows, a.kernel.h, a.stride.h, a.dilation.h)}}};
}

}  // namespace resnetc::program
