/// \file A small model of a core: what a register tile of a target reaches on a machine, and how work is shared between threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "ir/algorithms/parameters.h"
#include "ir/machine.h"
#include "ir/recipe.h"
#include "ir/target.h"

namespace resnetc::program {

/// What a target's registers allow.
struct RegisterFile {
  int64_t parts;      ///< registers a vector of 16 takes
  int64_t registers;  ///< for a tile: one is left for the compiler

  /// Accumulators, the weights of one input channel and one input element.
  bool holds(int64_t vectors, int64_t pixels) const { return (vectors * pixels + vectors) * parts + 1 <= registers; }
};

/// Of a CPU.
RegisterFile registers_of(const Target& target);

/// Calls visit(vectors, tiles) for each register tile of at most 4 vectors, which divide `blocks`, by at most `most` rows and columns.
template <class Visit>
void each_register_tile(const RegisterFile& file, int64_t blocks, Extent2 most, Visit visit) {
  for (int64_t vectors = 1; vectors <= 4; ++vectors) {
    if (blocks % vectors != 0) continue;
    for (int64_t h = 1; h <= most.h && file.holds(vectors, h); ++h) {
      for (int64_t w = 1; w <= most.w && file.holds(vectors, h * w); ++w) visit(vectors, Extent2{h, w});
    }
  }
}

/// The part of peak arithmetic that a tile of `vectors` by `pixels`, which lie `stride_bytes` apart, can reach on an axis of so many
/// pixels, its wasted ones taken off.
double efficiency(const Machine& machine, const RegisterFile& file, int64_t vectors, int64_t pixels, int64_t axis, int64_t stride_bytes);

/// The largest part of the work that one of two threads gets, as a multiple of its half; a task is `rows` of `units`, for each of
/// `channel_tasks`.
double imbalance(int64_t units, int64_t rows, int64_t channel_tasks);

/// The least `cost` first, equals in the order in which they come.
template <class Item, class Cost>
std::vector<Item> ranked(const std::vector<Item>& items, Cost cost) {
  std::vector<std::pair<double, size_t>> order;
  for (size_t i = 0; i < items.size(); ++i) order.emplace_back(cost(items[i]), i);
  std::sort(order.begin(), order.end());
  std::vector<Item> sorted;
  for (const auto& [value, i] : order) sorted.push_back(items[i]);
  return sorted;
}

/// The most efficient first; what differs by rounding alone counts as equal.
template <class Tile>
std::vector<Tile> most_efficient_first(const std::vector<Tile>& tiles) {
  return ranked(tiles, [](const Tile& tile) { return -std::round(tile.efficiency * 1e9); });
}

/// The schedules of the first plans, at most `most` of them and at most three with the same register tile.
template <class Plan, class ToSchedule>
auto varied(const std::vector<Plan>& plans, size_t most, ToSchedule schedule_of) {
  constexpr int64_t most_of_a_tile = 3;
  std::vector<decltype(schedule_of(plans.front()))> found;
  for (const Plan& plan : plans) {
    const auto now = schedule_of(plan);
    const auto same_tile = [&](const auto& other) { return other.vectors == now.vectors && other.tiles == now.tiles; };
    if (std::count_if(found.begin(), found.end(), same_tile) >= most_of_a_tile) continue;
    found.push_back(now);
    if (found.size() == most) break;
  }
  return found;
}

/// How many of `units` a task gets: about machine.wanted_tasks tasks, evenly split, where there are `channel_tasks` for each. 0: there is
/// too little work to share.
int64_t choose_rows(const Machine& machine, int64_t units, int64_t channel_tasks, int64_t multiply_adds);

}  // namespace resnetc::program
