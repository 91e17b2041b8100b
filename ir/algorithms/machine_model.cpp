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

double efficiency(const Machine& machine, const RegisterFile& file, int64_t vectors, int64_t pixels, int64_t axis, int64_t stride_bytes) {
  const double operations = static_cast<double>(vectors * pixels * file.parts);
  const double loads = static_cast<double>(vectors * file.parts + pixels);
  const double busy = operations / file.rates.multiply_adds;
  constexpr double reordering = 0.5;  // cycles that a chain of multiply-adds loses, because they are not begun in the best order
  constexpr double turn = 0.5;        // cycles that one turn of an inner loop costs beside its arithmetic
  double cycles = std::max({busy, loads / file.rates.loads, machine.latency + reordering}) + turn;
  constexpr double misses = 1.7;  // measured, where pixels push each other out of their set
  if (lines_in_one_set(machine, pixels, stride_bytes) > machine.first_ways) cycles *= misses;
  return busy / cycles * static_cast<double>(axis) / static_cast<double>(rounded(axis, pixels));
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
