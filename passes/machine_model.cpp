/// \file The model's figures.
#include "passes/machine_model.h"

#include <algorithm>
#include <numeric>

namespace resnetc::passes {

RegisterFile registers_of(const Target& target) { return {lanes * 4 / target.registers.bytes, target.registers.count - 1}; }

namespace {

/// How many of a tile's pixels share a set of the first-level cache: pixels a large power of two of bytes apart do.
int64_t pixels_in_one_set(int64_t pixels, int64_t stride_bytes) {
  constexpr int64_t period = 4096;
  const int64_t distinct = period / std::gcd(stride_bytes, period);
  return (pixels + distinct - 1) / distinct;
}

}  // namespace

double efficiency(const RegisterFile& file, int64_t vectors, int64_t pixels, int64_t axis, int64_t stride_bytes) {
  const double operations = static_cast<double>(vectors * pixels * file.parts);
  const double loads = static_cast<double>(vectors * file.parts + pixels);
  constexpr double latency = 4.5, loop = 0.5;  // the latency with what reordering loses
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

}  // namespace resnetc::passes
