/// \file The model of a core.
#include "ir/algorithms/machine_model.h"

#include <algorithm>
#include <numeric>

namespace resnetc::program {

RegisterFile registers_of(const Target& target, const Machine& machine) {
  return {bytes_of(ElementType::f32, lanes) / target.registers.bytes, target.registers.count - 1, machine.rates(target.registers.bytes)};
}

int64_t register_lanes(const Target& target) { return target.registers.bytes / bytes_of(ElementType::f32); }

int64_t lines_in_one_set(const Machine& machine, int64_t lines, int64_t stride_bytes) {
  const int64_t distinct = machine.first_period() / std::gcd(stride_bytes, machine.first_period());
  return ceil_div(lines, distinct);
}

bool is_streamed(const Machine& machine, int64_t vectors, int64_t terms) {
  constexpr double room = 0.75;  // of the cache; the input has the rest
  return static_cast<double>(bytes_of(ElementType::f32, vectors * lanes * terms)) > room * static_cast<double>(machine.first.bytes);
}

double efficiency(const Machine& machine, const RegisterFile& file, const SummedTile& tile) {
  const double operations = static_cast<double>(tile.vectors * tile.pixels * file.parts);
  const double loads = static_cast<double>(tile.vectors * file.parts + tile.pixels);
  const double busy = operations / file.rates.multiply_adds;
  constexpr double reordering = 0.5;  // cycles that a chain of multiply-adds loses, because they are not begun in the best order
  constexpr double turn = 0.5;        // cycles that one turn of an inner loop costs beside its arithmetic
  double cycles = std::max({busy, loads / file.rates.loads, machine.latency + reordering});
  const int64_t weight_bytes = bytes_of(ElementType::f32, tile.vectors * lanes);  // of one term
  if (is_streamed(machine, tile.vectors, tile.terms)) {
    constexpr double in_time = 0.5;  // even where nothing passes behind arithmetic, the processor fetches ahead in the rows of weights
    const double fetching = static_cast<double>(weight_bytes) / machine.second.bytes_a_second * machine.cycles_a_second;
    cycles = overlapped(machine, cycles, in_time * fetching);
  }
  cycles += turn;
  if (lines_in_one_set(machine, tile.pixels, tile.stride_bytes) > machine.first_ways) cycles *= machine.crowding;
  return busy / cycles * static_cast<double>(tile.axis) / static_cast<double>(rounded(tile.axis, tile.pixels));
}

double imbalance(int64_t units, int64_t rows, int64_t channel_tasks) {
  const int64_t tasks = (units + rows - 1) / rows * channel_tasks;
  const int64_t even = (tasks + 1) / 2 * 2;
  return static_cast<double>(even * rows) / static_cast<double>(units * channel_tasks);
}

int64_t choose_rows(int64_t units, int64_t channel_tasks, int64_t multiply_adds) {
  if (multiply_adds < sharing::least_multiply_adds) return 0;
  const int64_t tasks = std::clamp<int64_t>(multiply_adds / sharing::least_task_multiply_adds, 2, sharing::wanted_tasks);
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

}  // namespace resnetc::program
