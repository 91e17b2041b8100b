/// \file Register tiles and tasks of direct convolutions, and tasks of everything else.
#include "passes/conv_schedule.h"

#include <fmt/format.h>

#include <algorithm>

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

/// Register tiles on an axis of so many pixels, the most efficient first.
std::vector<Tile> rank_tiles(int64_t blocks, int64_t axis, int64_t stride_bytes, const std::string& target) {
  const RegisterFile file = registers_of(target);
  std::vector<Tile> tiles;
  for (int64_t vectors = 1; vectors <= 4; ++vectors) {
    if (blocks % vectors != 0) continue;
    for (int64_t pixels = 1; pixels <= axis && file.holds(vectors, pixels); ++pixels) {
      tiles.push_back({vectors, pixels, efficiency(file, vectors, pixels, axis, stride_bytes)});
    }
  }
  return most_efficient_first(tiles);
}

/// What a convolution's schedule is chosen by.
struct Space {
  int64_t axis, height, blocks;
  bool flat;
  int64_t multiply_adds;
  std::vector<Tile> tiles;

  Space(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes, bool as_one_axis, int64_t work,
        const std::string& target)
      : axis(as_one_axis ? out.type.pixels() : out.type.width),
        height(out.type.height),
        blocks(out.channel_stride / lanes),
        flat(as_one_axis),
        multiply_adds(work),
        tiles(rank_tiles(blocks, axis, in.channel_stride * attributes.stride.w * 4, target)) {}

  /// What `rows` counts.
  int64_t units(const Tile& tile) const { return flat ? ceil_div(axis, tile.pixels) : height; }

  program::Schedule schedule(const Tile& tile) const {
    program::Schedule schedule;
    schedule.algorithm = program::Algorithm::direct;
    schedule.flat = flat;
    schedule.vectors = tile.vectors;
    schedule.pixels = tile.pixels;
    schedule.rows = choose_rows(units(tile), blocks / tile.vectors, multiply_adds);
    return schedule;
  }
};

}  // namespace

ScheduleChoice choose_conv_schedule(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes, bool flat,
                                    int64_t multiply_adds, const std::string& target) {
  const Space space(in, out, attributes, flat, multiply_adds, target);
  const Tile& tile = space.tiles.front();
  const program::Schedule schedule = space.schedule(tile);
  std::string reason = fmt::format("direct convolution, {} x {} register tile ({}{:.0f}% of peak expected)", schedule.vectors * lanes,
                                   schedule.pixels, flat ? "pixels of all rows as one axis, " : "", 100 * tile.efficiency);
  if (space.axis % schedule.pixels != 0) {
    reason += fmt::format("; {} {} are not whole tiles, the last one overlaps", space.axis, flat ? "pixels" : "columns");
  }
  if (schedule.rows == 0) {
    reason += "; too little work to share between threads";
  } else {
    reason += fmt::format("; {} tasks", ceil_div(space.units(tile), schedule.rows) * (space.blocks / schedule.vectors));
  }
  return {schedule, reason};
}

std::vector<program::Schedule> direct_candidates(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes,
                                                 bool flat, int64_t multiply_adds, const std::string& target) {
  const Space space(in, out, attributes, flat, multiply_adds, target);
  std::vector<program::Schedule> candidates;
  constexpr size_t most_tiles = 4;
  for (size_t t = 0; t < std::min(most_tiles, space.tiles.size()); ++t) {
    const program::Schedule& now = candidates.emplace_back(space.schedule(space.tiles[t]));
    if (t > 1 || now.rows == 0) continue;
    // Fewer and more tasks.
    const int64_t units = space.units(space.tiles[t]), rows = now.rows;
    for (int64_t other : {(rows + 1) / 2, std::min(2 * rows, units)}) {
      if (other == rows) continue;
      candidates.push_back(space.schedule(space.tiles[t]));
      candidates.back().rows = other;
    }
  }
  if (flat) {
    const Space rows(in, out, attributes, false, multiply_adds, target);
    candidates.push_back(rows.schedule(rows.tiles.front()));
  }
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
