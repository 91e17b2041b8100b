/// \file What schedules are chosen by: a small model of current x86-64 cores, with two vector operations and two loads a cycle, four cycles
/// from one multiply-add to the next on the same accumulator, and a first-level cache of 64 sets of 64 bytes.
#pragma once

#include <cstdint>
#include <string>

namespace resnetc::passes {

/// What a target's registers allow.
struct RegisterFile {
  int64_t parts;      ///< registers a vector of 16 takes
  int64_t registers;  ///< for a tile: one is left for the compiler

  /// Accumulators, the weights of one input channel and one input element.
  bool holds(int64_t vectors, int64_t pixels) const { return (vectors * pixels + vectors) * parts + 1 <= registers; }
};

RegisterFile registers_of(const std::string& target);

/// The part of peak arithmetic that a tile of `vectors` by `pixels`, which lie `stride_bytes` apart, can reach on an axis of so many
/// pixels, its wasted ones taken off.
double efficiency(const RegisterFile& file, int64_t vectors, int64_t pixels, int64_t axis, int64_t stride_bytes);

/// The largest part of the work that one of two threads gets, as a multiple of its half; a task is `rows` of `units`, for each of
/// `channel_tasks`.
double imbalance(int64_t units, int64_t rows, int64_t channel_tasks);

constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace resnetc::passes
