/// \file Register tiles and tasks of direct convolutions, and tasks of everything else.
#include "passes/conv_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "passes/machine_model.h"

namespace resnetc::passes {

namespace {

/// Below this many multiply-adds a picture takes a few microseconds: waking a thread for a part of it does not pay.
constexpr int64_t least_shared_work = 500'000;
/// Tasks are not made smaller than this.
constexpr int64_t least_task_work = 200'000;
/// So many tasks leave two to eight threads evenly loaded.
constexpr int64_t wanted_tasks = 16;
/// The same two limits for kernels that only move elements.
constexpr int64_t least_shared_elements = 65'536;

/// Rows of a task: about wanted_tasks tasks, evenly split.
int64_t choose_rows(int64_t units, int64_t channel_tasks, int64_t multiply_adds) {
  if (multiply_adds < least_shared_work) return 0;
  const int64_t tasks = std::clamp<int64_t>(multiply_adds / least_task_work, 2, wanted_tasks);
  const int64_t fewest = std::clamp<int64_t>((tasks + channel_tasks - 1) / channel_tasks, 1, units);
  int64_t best = (units + fewest - 1) / fewest;
  double least = imbalance(units, best, channel_tasks);
  for (int64_t blocks = fewest + 1; blocks <= std::min(units, 2 * fewest + 2); ++blocks) {
    const int64_t rows = (units + blocks - 1) / blocks;
    const double now = imbalance(units, rows, channel_tasks);
    if (now < least - 1e-9) {
      least = now;
      best = rows;
    }
  }
  return best;
}

struct Tile {
  int64_t vectors = 1, pixels = 1;
  double efficiency = 0;
};

/// How a convolution's pixels are taken by its tiles.
enum class Walk {
  rows,      ///< row by row
  one_axis,  ///< all of them one after the other, as they lie in memory
  staged     ///< the same where they do not lie so: by way of scratch memory
};

/// What a convolution's schedule is chosen by.
class Space {
 public:
  Space(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes, Walk walk, int64_t multiply_adds,
        const Target& target)
      : walk_(walk), width_(out.type.width), height_(out.type.height), blocks_(out.channel_stride / lanes), multiply_adds_(multiply_adds) {
    rank_tiles(registers_of(target), in.channel_stride * attributes.stride.w * 4);
  }

  /// The most efficient first.
  const std::vector<Tile>& tiles() const { return tiles_; }
  /// Pixels along which tiles are laid.
  int64_t axis() const { return walk_ == Walk::rows ? width_ : width_ * height_; }
  /// What `rows` counts.
  int64_t units(const Tile& tile) const { return walk_ == Walk::one_axis ? ceil_div(axis(), tile.pixels) : height_; }
  int64_t tasks(const program::Schedule& schedule, const Tile& tile) const {
    return ceil_div(units(tile), schedule.rows) * (blocks_ / schedule.vectors);
  }

  program::Schedule schedule(const Tile& tile) const {
    program::Schedule schedule;
    schedule.algorithm = program::Algorithm::direct;
    schedule.flat = walk_ != Walk::rows;
    schedule.vectors = tile.vectors;
    schedule.pixels = tile.pixels;
    schedule.rows = choose_rows(units(tile), blocks_ / tile.vectors, multiply_adds_);
    return schedule;
  }

 private:
  /// The part of peak that is reached with staged sums: each task begins with a new tile, and each result is stored and read once more.
  double staged_efficiency(const RegisterFile& file, const Tile& tile, int64_t stride_bytes) const {
    const int64_t rows = schedule(tile).rows, task_axis = width_ * (rows == 0 ? height_ : rows);
    const double terms = static_cast<double>(multiply_adds_) / static_cast<double>(axis() * blocks_ * lanes);
    constexpr double terms_of_staging = 6;
    return efficiency(file, tile.vectors, tile.pixels, task_axis, stride_bytes) * terms / (terms + terms_of_staging);
  }

  void rank_tiles(const RegisterFile& file, int64_t stride_bytes) {
    for (int64_t vectors = 1; vectors <= 4; ++vectors) {
      if (blocks_ % vectors != 0) continue;
      for (int64_t pixels = 1; pixels <= axis() && file.holds(vectors, pixels); ++pixels) {
        Tile tile{vectors, pixels};
        tile.efficiency =
            walk_ == Walk::staged ? staged_efficiency(file, tile, stride_bytes) : efficiency(file, vectors, pixels, axis(), stride_bytes);
        tiles_.push_back(tile);
      }
    }
    tiles_ = most_efficient_first(tiles_);
  }

  Walk walk_;
  int64_t width_, height_, blocks_, multiply_adds_;
  std::vector<Tile> tiles_;
};

/// The ways to walk, the better first.
std::vector<std::pair<Walk, Space>> spaces_of(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes,
                                              bool one_axis, int64_t multiply_adds, const Target& target) {
  const auto space = [&](Walk walk) { return std::pair(walk, Space(in, out, attributes, walk, multiply_adds, target)); };
  std::vector<std::pair<Walk, Space>> spaces{space(one_axis ? Walk::one_axis : Walk::staged), space(Walk::rows)};
  const auto best = [&](size_t i) { return spaces[i].second.tiles().front().efficiency; };
  // Rows that are nearly as good need no scratch memory.
  if (!one_axis && best(1) > 0.98 * best(0)) std::swap(spaces[0], spaces[1]);
  return spaces;
}

}  // namespace

ScheduleChoice choose_conv_schedule(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes, bool one_axis,
                                    int64_t multiply_adds, const Target& target) {
  const auto [walk, space] = spaces_of(in, out, attributes, one_axis, multiply_adds, target).front();
  const Tile& tile = space.tiles().front();
  const program::Schedule schedule = space.schedule(tile);
  const char* walks[] = {"", "pixels of all rows as one axis, ", "pixels of all rows as one axis by way of scratch memory, "};
  std::string reason = fmt::format("direct convolution, {} x {} register tile ({}{:.0f}% of peak expected)", schedule.vectors * lanes,
                                   schedule.pixels, walks[static_cast<size_t>(walk)], 100 * tile.efficiency);
  if (walk != Walk::staged && space.axis() % schedule.pixels != 0) {
    reason += fmt::format("; {} {} are not whole tiles, the last one overlaps", space.axis(), walk == Walk::rows ? "columns" : "pixels");
  }
  if (schedule.rows == 0) {
    reason += "; too little work to share between threads";
  } else {
    reason += fmt::format("; {} tasks", space.tasks(schedule, tile));
  }
  return {schedule, reason};
}

std::vector<program::Schedule> direct_candidates(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes,
                                                 bool one_axis, int64_t multiply_adds, const Target& target) {
  const auto spaces = spaces_of(in, out, attributes, one_axis, multiply_adds, target);
  const Space& space = spaces.front().second;
  std::vector<program::Schedule> candidates;
  constexpr size_t most_tiles = 4;
  for (size_t t = 0; t < std::min(most_tiles, space.tiles().size()); ++t) {
    const Tile& tile = space.tiles()[t];
    const program::Schedule& now = candidates.emplace_back(space.schedule(tile));
    if (t > 1 || now.rows == 0) continue;
    // Fewer and more tasks.
    const int64_t rows = now.rows;
    for (int64_t other : {(rows + 1) / 2, std::min(2 * rows, space.units(tile))}) {
      if (other == rows) continue;
      candidates.push_back(space.schedule(tile));
      candidates.back().rows = other;
    }
  }
  const Space& other = spaces.back().second;
  candidates.push_back(other.schedule(other.tiles().front()));
  return candidates;
}

ScheduleChoice choose_general_schedule(int64_t elements, int64_t height) {
  program::Schedule schedule;
  if (elements < least_shared_elements) {
    schedule.rows = 0;
    return {schedule, "general schedule; too little work to share between threads"};
  }
  schedule.rows = choose_rows(height, 1, least_task_work * wanted_tasks);
  return {schedule, "general schedule, shared between threads"};
}

}  // namespace resnetc::passes
