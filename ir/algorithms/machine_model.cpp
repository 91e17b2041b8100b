/// \file The numbers of the model.
#include "ir/algorithms/machine_model.h"

#include <algorithm>
#include <numeric>

namespace resnetc::program {

RegisterFile registers_of(const Target& target) { return {lanes * 4 / target.registers.bytes, target.registers.count - 1}; }

namespace {

/// The number of a tile's pixels that share a set of the first-level cache. Pixels whose distance in bytes is a multiple of a large power
/// of two share sets.
int64_t pixels_in_one_set(int64_t pixels, int64_t stride_bytes) {
  constexpr int64_t period = 4096;
  const int64_t distinct = period / std::gcd(stride_bytes, period);
  return (pixels + distinct - 1) / distinct;
}

}  // namespace

double efficiency(const RegisterFile& file, int64_t vectors, int64_t pixels, int64_t axis, int64_t stride_bytes) {
  const double operations = static_cast<double>(vectors * pixels * file.parts);
  const double loads = static_cast<double>(vectors * file.parts + pixels);
  constexpr double latency = 4.5, loop = 0.5;  // the latency includes losses of reordering
  double cycles = std::max({operations / 2, loads / 2, latency}) + loop;
  if (pixels_in_one_set(pixels, stride_bytes) > 8) cycles *= 1.7;
  const int64_t computed = (axis + pixels - 1) / pixels * pixels;
  return operations / 2 / cycles * static_cast<double>(axis) / static_cast<double>(computed);
}

double imbalance(int64_t units, int64_t rows, int64_t channel_tasks) {
  const int64_t tasks = (units + rows - 1) / rows * channel_tasks;
  const int64_t even = (tasks + 1) / 2 * 2;
  return static_cast<double>(even * rows) / static_cast<double>(units * channel_tasks);
}

int64_t choose_rows(int64_t units, int64_t channel_tasks, int64_t multiply_adds) {
  // Less work than this takes a few microseconds, so waking a thread for a part of it does not pay.
  constexpr int64_t least_shared_work = 500'000;
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

}  // namespace resnetc::program
