/// \file A small model of a core: the speed that a register tile of a target reaches on a machine, and the division of work between
/// threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/algorithms/parameters.h"
#include "ir/machine.h"
#include "ir/recipe.h"
#include "ir/target.h"

namespace resnetc::program {

/// What it takes to share work between threads, in multiply-adds. The default machine does 80,000 of them in a microsecond.
namespace sharing {
inline constexpr int64_t least_multiply_adds = 500'000;  ///< a kernel with fewer takes a few microseconds: waking a thread does not pay
inline constexpr int64_t least_elements = 65'536;        ///< a kernel that only moves elements, and fewer, ends before a thread has woken
inline constexpr int64_t least_task_multiply_adds = 200'000;  ///< no task is made smaller
inline constexpr int64_t wanted_tasks = 16;                   ///< this number of tasks loads two to eight threads evenly
}  // namespace sharing

/// The registers that a target allows for a tile, and what a machine does with them.
struct RegisterFile {
  int64_t parts;      ///< number of registers that a vector of 16 takes
  int64_t registers;  ///< number of registers for a tile; one more is left for the compiler
  VectorRates rates;  ///< of one register

  /// Multiply-adds of one lane that begin in a cycle.
  double multiply_adds() const { return rates.multiply_adds * static_cast<double>(lanes) / static_cast<double>(parts); }

  /// Whether the registers hold the accumulators, the weights of one input channel and one input element.
  bool holds(int64_t vectors, int64_t pixels) const { return (vectors * pixels + vectors) * parts + 1 <= registers; }
};

/// The registers of a CPU.
RegisterFile registers_of(const Target& target, const Machine& machine);

/// The multiply-adds of one lane that a core does in a second with these registers, at most.
inline double peak(const Machine& machine, const RegisterFile& file) { return machine.cycles_a_second * file.multiply_adds(); }

/// The number of a vector's lanes that a register holds.
int64_t register_lanes(const Target& target);

/// Calls visit(vectors, tiles) for each register tile whose vectors are at most 4 and divide `blocks`, and whose height and width are at
/// most `most`.
template <class Visit>
void each_register_tile(const RegisterFile& file, int64_t blocks, Extent2 most, Visit visit) {
  for (int64_t vectors = 1; vectors <= 4; ++vectors) {
    if (blocks % vectors != 0) continue;
    for (int64_t h = 1; h <= most.h && file.holds(vectors, h); ++h) {
      for (int64_t w = 1; w <= most.w && file.holds(vectors, h * w); ++w) visit(vectors, Extent2{h, w});
    }
  }
}

/// The number of lines, `stride_bytes` apart, that share a set of the first-level cache, if there are `lines` of them. Lines whose distance
/// is a multiple of a large power of two share sets.
int64_t lines_in_one_set(const Machine& machine, int64_t lines, int64_t stride_bytes);

/// The cycles from a multiply-add to the next on the same accumulator, with what is lost because they are not begun in the best order.
inline double chained_cycles(const Machine& machine) { return machine.latency + 0.5; }

/// A register tile of sums.
struct SummedTile {
  int64_t vectors = 1, pixels = 1;
  int64_t terms = 1;         ///< products of each sum: the tile reads as many weights of each channel
  int64_t axis = 1;          ///< pixels that are divided into tiles; those that are computed past their end count as wasted
  int64_t stride_bytes = 1;  ///< bytes from pixel to pixel
};
/// Whether the weights of a tile come from the second-level cache, because the first has no room for them beside the input.
bool is_streamed(const Machine& machine, int64_t vectors, int64_t terms);
/// The fraction of the peak arithmetic that a tile can reach.
double efficiency(const Machine& machine, const RegisterFile& file, const SummedTile& tile);
/// What limits a tile, in words: "multiply-adds", "loads", or "the latency of multiply-adds".
std::string_view limit_of(const Machine& machine, const RegisterFile& file, const SummedTile& tile);

/// The bytes that a task may fill of the second-level cache. More than 1 MiB gained nothing where there are 2: the first layer of ResNet-18
/// takes 0.92 ms in tasks of 4 rows of tiles, and 0.96 in tasks of 15 (Intel Xeon with AVX-512).
int64_t task_bytes(const Machine& machine);

/// The seconds of work whose arithmetic and whose bytes take these times, each alone.
inline double overlapped(const Machine& machine, double arithmetic, double fetching) {
  return arithmetic + fetching - machine.hidden * std::min(arithmetic, fetching);
}

/// The work of the busier one of two threads, as a multiple of half the work. A task is `rows` of `units`, and there are `channel_tasks`
/// tasks for the same rows.
double imbalance(int64_t units, int64_t rows, int64_t channel_tasks);

/// The items sorted by `cost`, least first. Items of equal cost keep their order.
template <class Item, class Cost>
std::vector<Item> ranked(const std::vector<Item>& items, Cost cost) {
  std::vector<std::pair<double, size_t>> order;
  for (size_t i = 0; i < items.size(); ++i) order.emplace_back(cost(items[i]), i);
  std::sort(order.begin(), order.end());
  std::vector<Item> sorted;
  for (const auto& [value, i] : order) sorted.push_back(items[i]);
  return sorted;
}

/// The tiles sorted by efficiency, best first. Differences by rounding alone are ignored.
template <class Tile>
std::vector<Tile> most_efficient_first(const std::vector<Tile>& tiles) {
  return ranked(tiles, [](const Tile& tile) { return -std::round(tile.efficiency * 1e9); });
}

/// The schedules of the first plans: at most `most`, and at most three with the same register tile.
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

/// How many of `units` a task gets: about sharing::wanted_tasks tasks, evenly split, where there are `channel_tasks` for each. 0: there is
/// too little work to share.
int64_t choose_rows(int64_t units, int64_t channel_tasks, int64_t multiply_adds);

}  // namespace resnetc::program
