/// \file The record of direct sums: their scratch memory, and the register tile and tasks of a convolution. A small model of the machine
/// chooses them, and nothing is measured, so the same input gives the same choice everywhere.
#include "ir/algorithms/direct.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ir/algorithms/implementation.h"
#include "ir/algorithms/machine_model.h"

namespace resnetc::program {

namespace {

/// The input channels that are summed for one element of the window.
int64_t channels_of_tap(const KernelSpec& spec) {
  return group_span(spec.in.type.channels, spec.out.type.channels, spec.attributes.groups).span;
}

/// Whether pairs of neighbouring channels can be summed: of bf16, in whole pairs, so that nothing past the last channel is read.
bool sums_pairs(const KernelSpec& spec) {
  const auto even = [](int64_t channels) { return channels % 2 == 0; };
  const std::vector<int64_t> projected = convolution_of(spec).projected;
  return spec.in.type.element == ElementType::bf16 && even(channels_of_tap(spec)) && std::all_of(projected.begin(), projected.end(), even);
}

/// The input channels whose products an instruction of the target sums, and how fast it does.
struct Dot {
  int64_t side = 1;                 ///< DirectSchedule::dot, or 1 for single products
  double instructions_of_term = 1;  ///< of the time of a multiply-add of floats; a term is `side` products
};

Dot dot_of(const KernelSpec& spec, const Target& target) {
  if (!sums_integers(spec)) return target.has(feature::bf16_dot_products) && sums_pairs(spec) ? Dot{2, 1} : Dot{};
  // A block's channels in groups need not begin or end with whole fours.
  const int64_t channels = spec.attributes.groups > 1 ? channels_of_tap(spec) : 4;
  if ((target.features & feature::dot_products) != 0 && channels % 4 == 0) return {4, 1};
  // Products of 16 bits are summed in pairs, and another instruction adds the pairs to the sums; bytes are widened before.
  if (channels % 2 == 0) return {2, 2.5};
  return {1, 4};
}

/// The registers as those of instructions that compute whole terms.
RegisterFile with_dots(RegisterFile file, const Dot& dot) {
  file.rates.multiply_adds /= dot.instructions_of_term;
  return file;
}

struct DirectTile {
  int64_t vectors = 1, pixels = 1, depth = 0;
  bool wide = false;
  double efficiency = 0;
};

/// The order in which tiles cover a convolution's pixels.
enum class Walk {
  rows,      ///< row by row
  one_axis,  ///< all pixels along one axis, as they lie in memory
  staged     ///< all pixels along one axis although they do not lie so in memory: through scratch memory
};

/// The possible register tiles of a convolution for one order of its pixels.
class Space {
 public:
  Space(const Situation& situation, Walk walk)
      : walk_(walk),
        width_(situation.spec.out.type.width),
        height_(situation.spec.out.type.height),
        blocks_(channel_blocks(situation.spec)),
        multiply_adds_(situation.multiply_adds),
        dot_(dot_of(situation.spec, situation.target)),
        terms_(std::max<int64_t>(multiply_adds_ / (width_ * height_ * blocks_ * lanes) / dot_.side, 1)),
        channels_of_tap_(channels_of_tap(situation.spec)),
        input_bytes_(situation.spec.in.type.bytes()),
        projected_(projected_channels(convolution_of(situation.spec))),
        machine_(&situation.machine),
        file_(with_dots(registers_of(situation.target, situation.machine), dot_)),
        integers_(sums_integers(situation.spec)),
        stride_bytes_(bytes_of(situation.spec.in.type.element, situation.spec.in.channel_stride * situation.spec.attributes.stride.w)) {
    rank_tiles();
  }

  /// The tiles, the most efficient first.
  const std::vector<DirectTile>& tiles() const { return tiles_; }
  /// The number of pixels on the axis along which tiles lie.
  int64_t axis() const { return walk_ == Walk::rows ? width_ : width_ * height_; }
  /// The number of units that the schedule's `rows` counts.
  int64_t units(const DirectTile& tile) const { return walk_ == Walk::one_axis ? ceil_div(axis(), tile.pixels) : height_; }
  int64_t tasks(const DirectSchedule& schedule, const DirectTile& tile) const {
    return ceil_div(units(tile), schedule.rows) * channel_tasks(tile);
  }

  /// The number of tasks for the same pixels.
  int64_t channel_tasks(const DirectTile& tile) const { return tile.wide ? 1 : blocks_ / tile.vectors; }

  DirectSchedule schedule(const DirectTile& tile) const {
    DirectSchedule schedule;
    schedule.flat = walk_ != Walk::rows;
    schedule.vectors = tile.vectors;
    schedule.pixels = tile.pixels;
    schedule.depth = tile.depth;
    schedule.wide = tile.wide;
    schedule.dot = integers_ || dot_.side > 1 ? dot_.side : 0;
    schedule.rows = choose_rows(units(tile), channel_tasks(tile), multiply_adds_);
    return schedule;
  }

  /// The depth for which the weights of one step stay in the first-level cache; 0 if those of all steps do, or if they are not read often.
  int64_t useful_depth(const DirectTile& tile) const {
    constexpr int64_t fewest_tiles = 4;
    if (5 * projected_ > terms_ * dot_.side || !is_streamed(*machine_, tile.vectors, terms_) ||
        axis_of_task(tile) < fewest_tiles * tile.pixels) {
      return 0;
    }
    int64_t parts = 1;
    while (channels_of_tap_ % parts != 0 || is_streamed(*machine_, tile.vectors, channels_of_tap_ / parts / dot_.side)) ++parts;
    const int64_t depth = channels_of_tap_ / parts;
    return depth < lanes || depth % dot_.side != 0 ? 0 : depth;
  }

  /// What limits a kernel with this tile, whose sums have so many products.
  Limit limit(const DirectTile& tile, double products) const {
    return {products / (peak() * tile.efficiency), limit_of(*machine_, file_, summed(tile))};
  }

  /// Whether tasks may have all channels: their weights must stay in the second-level cache.
  bool can_be_wide() const {
    return walk_ != Walk::staged && 2 * bytes_of(ElementType::f32, blocks_ * lanes * terms_) <= task_bytes(*machine_);
  }

 private:
  /// The pixels along which the tiles of a task lie.
  int64_t axis_of_task(const DirectTile& tile) const {
    const int64_t rows = schedule(tile).rows;
    return rows == 0 ? width_ * height_ : walk_ == Walk::one_axis ? rows * tile.pixels : rows * width_;
  }

  /// The tile within one step, or within the whole sum.
  SummedTile summed(const DirectTile& tile) const {
    return {.vectors = tile.vectors,
            .pixels = tile.pixels,
            .terms = tile.depth == 0 ? terms_ : tile.depth / dot_.side,
            .axis = walk_ == Walk::staged ? axis_of_task(tile) : axis(),
            .stride_bytes = stride_bytes_};
  }

  /// The fraction of the peak that a tile reaches, with its depth. Each task of staged sums begins with a new tile. Each result that is
  /// kept in scratch memory is stored and read once more, and once for each step.
  double reached(const DirectTile& tile) const {
    constexpr double terms_of_staging = 6, terms_of_step = 3;
    const double steps = tile.depth == 0 ? 0 : static_cast<double>(terms_ * dot_.side) / static_cast<double>(tile.depth);
    const double more = steps * terms_of_step + (walk_ == Walk::staged || steps > 0 ? terms_of_staging : 0);
    const auto terms = static_cast<double>(terms_);
    const double alone = efficiency(*machine_, file_, summed(tile)) * terms / (terms + more);
    // Each group of channels reads the input again, from the second-level cache; a wide task does so from the first.
    const double arithmetic = static_cast<double>(multiply_adds_) / (peak() * alone);
    const double again = static_cast<double>((channel_tasks(tile) - 1) * input_bytes_) / machine_->second.bytes_a_second;
    return alone * arithmetic / overlapped(*machine_, arithmetic, again);
  }

  /// The multiply-adds of one lane that a core does in a second, at most.
  double peak() const { return program::peak(*machine_, file_) * static_cast<double>(dot_.side); }

  void rank_tiles() {
    // The model is too rough to tell smaller gains.
    constexpr double gain_of_depth = 1.08, gain_of_width = 1.01;
    // Each pixel of a staged tile has an address in a register of its own. LLVM takes 8 s for a tile of 13, and 0.2 s for one of 7.
    constexpr int64_t most_addresses = 10;
    const int64_t most_pixels = walk_ == Walk::staged ? std::min(axis(), most_addresses) : axis();
    each_register_tile(file_, blocks_, {1, most_pixels}, [&](int64_t vectors, Extent2 pixels) {
      DirectTile best{vectors, pixels.w};
      best.efficiency = reached(best);
      const auto consider = [&](DirectTile other, double least_gain) {
        other.efficiency = reached(other);
        if (other.efficiency > least_gain * best.efficiency) best = other;
      };
      const DirectTile plain = best;
      if (can_be_wide()) consider({.vectors = vectors, .pixels = pixels.w, .wide = true}, gain_of_width);
      if (const int64_t depth = useful_depth(plain); depth != 0)
        consider({.vectors = vectors, .pixels = pixels.w, .depth = depth}, gain_of_depth);
      tiles_.push_back(best);
    });
    tiles_ = most_efficient_first(tiles_);
  }

  Walk walk_;
  int64_t width_, height_, blocks_, multiply_adds_;
  Dot dot_;
  int64_t terms_;            ///< of each sum: products, or groups of products that one instruction sums
  int64_t channels_of_tap_;  ///< input channels that are summed for one element of the window
  int64_t input_bytes_;
  int64_t projected_;  ///< terms of each sum that projections add, all at once
  const Machine* machine_;
  RegisterFile file_;
  bool integers_;
  int64_t stride_bytes_;
  std::vector<DirectTile> tiles_;
};

/// The possible orders of the pixels, the better one first.
std::vector<std::pair<Walk, Space>> spaces_of(const Situation& situation) {
  const bool one_axis = has_one_axis(situation.spec);
  const auto space = [&](Walk walk) { return std::pair(walk, Space(situation, walk)); };
  std::vector<std::pair<Walk, Space>> spaces{space(one_axis ? Walk::one_axis : Walk::staged), space(Walk::rows)};
  const auto best = [&](size_t i) { return spaces[i].second.tiles().front().efficiency; };
  // Going row by row needs no scratch memory, so it is preferred if it is nearly as good.
  if (!one_axis && best(1) > 0.98 * best(0)) std::swap(spaces[0], spaces[1]);
  return spaces;
}

/// The number of products of all sums. In groups narrower than a vector, some of the weights are zeros.
double products_of(const Convolution& c) {
  const OpAttributes& a = c.attributes;
  const double grouped = static_cast<double>(c.out.channels * (c.in.channels / a.groups) * a.kernel.h * a.kernel.w);
  const double zeros =
      static_cast<double>(group_span(c.in.channels, c.out.channels, a.groups).span * a.groups) / static_cast<double>(c.in.channels);
  return static_cast<double>(c.out.pixels()) * (checkpoint_elements(c) + (a.groups > 1 ? (zeros - 1) * grouped : 0));
}

Fault dot_fault(const KernelSpec& spec, const DirectSchedule& s) {
  if (!sums_integers(spec)) {
    if (s.dot == 0) return std::nullopt;
    if (s.dot != 2 || !sums_pairs(spec)) return fmt::format("dot={} is for sums of integers, or 2 for pairs of bf16", s.dot);
  } else if (s.dot != 4 && s.dot != 2 && s.dot != 1) {
    return fmt::format("dot={} is none of 4, 2 and 1, which are for sums of integers", s.dot);
  }
  const bool whole = spec.attributes.groups > 1 ? channels_of_tap(spec) % s.dot == 0 : spec.in.stored_channels() % s.dot == 0;
  if (!whole) return fmt::format("its input channels are not stored in whole groups of {}", s.dot);
  if (s.depth % s.dot != 0) return fmt::format("a depth of {} has no whole groups of {} channels", s.depth, s.dot);
  return std::nullopt;
}

Fault depth_fault(const KernelSpec& spec, int64_t depth) {
  const int64_t channels = channels_of_tap(spec);
  if (depth == 0 || (depth >= lanes && channels % depth == 0)) return std::nullopt;
  return fmt::format("a depth of {} does not divide its {} input channels into parts of at least {}", depth, channels, lanes);
}

class Direct final : public Implementation {
 public:
  std::string_view algorithm(KernelKind) const override { return DirectSchedule::name; }

  Fault fault(const KernelSpec& spec) const override {
    const DirectSchedule& s = std::get<DirectSchedule>(spec.schedule);
    if (Fault fault = tile_fault(s.vectors, s.pixels)) return fault;
    const bool tiles = s.flat && has_one_axis(spec);
    const int64_t units = tiles ? ceil_div(spec.out.type.pixels(), s.pixels) : spec.out.type.height;
    if (Fault fault = rows_fault(s.rows, units, tiles ? "tiles" : "rows")) return fault;
    if (Fault fault = depth_fault(spec, s.depth)) return fault;
    if (Fault fault = dot_fault(spec, s)) return fault;
    if (s.wide && keeps_sums(spec)) return "a wide schedule keeps no sums: it has no depth, and its pixels lie in rows or along one axis";
    return pool_fault(spec);
  }

  std::vector<ScratchBuffer> scratch(const KernelSpec& spec) const override {
    if (!keeps_sums(spec)) return {};
    return {kept_sums(spec)};
  }

  Packing weight_packing(const OpAttributes& attributes, int64_t, const Schedule& schedule) const override {
    return {.kind = RecipeKind::pack_conv, .groups = attributes.groups, .interleave = side_of(schedule)};
  }
  Packing projection_packing(const Schedule& schedule) const override {
    return {.kind = RecipeKind::pack_conv, .interleave = side_of(schedule)};
  }

  bool writes_once(const KernelSpec& spec) const override {
    // The rows need no check, because their split is guarded. Channels are stored in whole vectors.
    if (keeps_sums(spec)) return true;
    const DirectSchedule& s = std::get<DirectSchedule>(spec.schedule);
    const int64_t pixels = s.flat ? spec.out.type.pixels() : spec.out.type.width, blocks = channel_blocks(spec);
    return pixels % std::min(pixels, s.pixels) == 0 && blocks % std::min(blocks, s.vectors) == 0;
  }

  std::vector<AlgorithmChoice> choices(const Convolution&, const Machine&, int64_t) const override { return {{this}}; }

  ElementType packed_type(const Convolution& c, const AlgorithmChoice&) const override { return c.weight; }

  double work(const Convolution& c, const AlgorithmChoice&, const Machine&) const override {
    constexpr double efficiency = 0.95, of_bytes = 4, of_bf16 = 2;
    return products_of(c) / efficiency / (sums_integers(c) ? of_bytes : c.in.element == ElementType::bf16 ? of_bf16 : 1);
  }

  ScheduleChoice choose(const Situation& situation, const AlgorithmChoice&) const override {
    const auto [walk, space] = spaces_of(situation).front();
    const DirectTile& tile = space.tiles().front();
    const DirectSchedule schedule = space.schedule(tile);
    const char* walks[] = {"", "pixels of all rows as one axis, ", "pixels of all rows as one axis by way of scratch memory, "};
    std::string reason = fmt::format("direct convolution, {} x {} register tile ({}{:.0f}% of peak expected)", schedule.vectors * lanes,
                                     schedule.pixels, walks[static_cast<size_t>(walk)], 100 * tile.efficiency);
    if (schedule.wide) reason += "; all channels of a tile's pixels before the next pixels";
    if (schedule.depth != 0)
      reason += fmt::format("; {} input channels at a time, whose weights stay in the first-level cache", schedule.depth);
    if (walk != Walk::staged && space.axis() % schedule.pixels != 0) {
      reason += fmt::format("; {} {} are not whole tiles, the last one overlaps", space.axis(), walk == Walk::rows ? "columns" : "pixels");
    }
    if (schedule.rows == 0) {
      reason += "; too little work to share between threads";
    } else {
      reason += fmt::format("; {} tasks", space.tasks(schedule, tile));
    }
    return {schedule, reason, space.limit(tile, products_of(convolution_of(situation.spec)))};
  }

  /// Also offers other tiles, other tasks, other orders of the loops, and the other order of the pixels.
  std::vector<Schedule> candidates(const Situation& situation, const AlgorithmChoice&) const override {
    const auto spaces = spaces_of(situation);
    const Space& space = spaces.front().second;
    std::vector<Schedule> candidates;
    constexpr size_t most_tiles = 4;
    for (size_t t = 0; t < std::min(most_tiles, space.tiles().size()); ++t) {
      const DirectTile& tile = space.tiles()[t];
      const DirectSchedule now = space.schedule(tile);
      candidates.push_back(now);
      if (t > 1 || now.rows == 0) continue;
      // Try fewer and more tasks.
      for (int64_t other : {(now.rows + 1) / 2, std::min(2 * now.rows, space.units(tile))}) {
        if (other == now.rows) continue;
        DirectSchedule changed = now;
        changed.rows = other;
        candidates.push_back(changed);
      }
    }
    // Try the other orders of the loops.
    const DirectTile& first = space.tiles().front();
    for (DirectTile changed : {DirectTile{.vectors = first.vectors, .pixels = first.pixels},
                               DirectTile{.vectors = first.vectors, .pixels = first.pixels, .depth = space.useful_depth(first)},
                               DirectTile{.vectors = first.vectors, .pixels = first.pixels, .wide = space.can_be_wide()}}) {
      candidates.push_back(space.schedule(changed));
    }
    const Space& other = spaces.back().second;
    candidates.push_back(other.schedule(other.tiles().front()));
    return candidates;
  }

 private:
  static int64_t side_of(const Schedule& schedule) { return std::max<int64_t>(std::get<DirectSchedule>(schedule).dot, 1); }
};

}  // namespace

const Implementation& implementation_of(const DirectSchedule&) {
  static const Direct direct;
  return direct;
}

bool is_staged(const KernelSpec& spec) {
  const auto* direct = std::get_if<DirectSchedule>(&spec.schedule);
  return direct != nullptr && direct->flat && !has_one_axis(spec);
}

bool keeps_sums(const KernelSpec& spec) {
  const auto* direct = std::get_if<DirectSchedule>(&spec.schedule);
  return direct != nullptr && (is_staged(spec) || direct->depth > 0);
}

ScratchBuffer kept_sums(const KernelSpec& spec) {
  const DirectSchedule& s = std::get<DirectSchedule>(spec.schedule);
  const TensorType& out = spec.out.type;
  const int64_t vectors = divisor_at_most(channel_blocks(spec), s.vectors), pixels = std::min(s.pixels, s.flat ? out.pixels() : out.width);
  const auto of_task = [&](int64_t units) { return s.rows <= 0 ? units : std::min(s.rows, units); };
  int64_t x = rounded(out.width, pixels), y = 1;
  if (is_staged(spec)) {
    x = rounded(of_task(out.height) * out.width, pixels);
  } else if (s.flat) {
    x = of_task(ceil_div(out.pixels(), pixels)) * pixels;
  } else {
    y = of_task(out.height);
  }
  return {"sums", {{"c", vectors * lanes}, {"x", x}, {"y", y}}};
}

}  // namespace resnetc::program
