/// \file The model behind the schedules. Figures are for current x86-64 cores: two vector operations a cycle, two loads a cycle, four
/// cycles from one multiply-add to the next on the same accumulator, a first-level cache of 64 sets of 64 bytes.
#include "passes/conv_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

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

/// What a target's registers allow.
struct RegisterFile {
  int64_t parts;      ///< registers a vector of 16 takes
  int64_t registers;  ///< for a tile: one is left for the compiler

  /// Accumulators, the weights of one input channel and one input element.
  bool holds(int64_t vectors, int64_t pixels) const { return (vectors * pixels + vectors) * parts + 1 <= registers; }
};

RegisterFile registers_of(const std::string& target) {
  if (target.find("avx512") != std::string::npos) return {1, 31};
  if (target.find("avx2") != std::string::npos) return {2, 15};
  return {4, 15};
}

/// How many of a tile's pixels share a set of the first-level cache: pixels a large power of two of bytes apart do.
int64_t pixels_in_one_set(int64_t pixels, int64_t stride_bytes) {
  constexpr int64_t period = 4096;
  const int64_t distinct = period / std::gcd(stride_bytes, period);
  return (pixels + distinct - 1) / distinct;
}

/// The part of peak arithmetic that a tile can reach, its wasted pixels taken off.
double efficiency(const RegisterFile& file, int64_t vectors, int64_t pixels, int64_t axis, int64_t stride_bytes) {
  const double operations = static_cast<double>(vectors * pixels * file.parts);
  const double loads = static_cast<double>(vectors * file.parts + pixels);
  constexpr double latency = 4.5, loop = 0.5;  // the latency with what reordering loses
  double cycles = std::max({operations / 2, loads / 2, latency}) + loop;
  if (pixels_in_one_set(pixels, stride_bytes) > 8) cycles *= 1.7;
  const int64_t computed = (axis + pixels - 1) / pixels * pixels;
  return operations / 2 / cycles * static_cast<double>(axis) / static_cast<double>(computed);
}

/// The largest part of the work that one of two threads gets, as a multiple of its half.
double imbalance(int64_t units, int64_t rows, int64_t channel_tasks) {
  const int64_t tasks = (units + rows - 1) / rows * channel_tasks;
  const int64_t even = (tasks + 1) / 2 * 2;
  return static_cast<double>(even * rows) / static_cast<double>(units * channel_tasks);
}

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

}  // namespace

ScheduleChoice choose_conv_schedule(const program::Tensor& in, const program::Tensor& out, const OpAttributes& attributes, bool flat,
                                    int64_t multiply_adds, const std::string& target) {
  const RegisterFile file = registers_of(target);
  const int64_t axis = flat ? out.type.pixels() : out.type.width;
  const int64_t blocks = out.channel_stride / lanes;
  const int64_t stride_bytes = in.channel_stride * attributes.stride.w * 4;
  program::Schedule schedule;
  schedule.algorithm = program::Algorithm::direct;
  schedule.flat = flat;
  double best = 0;
  for (int64_t vectors = 1; vectors <= 4; ++vectors) {
    if (blocks % vectors != 0) continue;
    for (int64_t pixels = 1; pixels <= axis && file.holds(vectors, pixels); ++pixels) {
      const double now = efficiency(file, vectors, pixels, axis, stride_bytes);
      if (now <= best + 1e-9) continue;
      best = now;
      schedule.vectors = vectors;
      schedule.pixels = pixels;
    }
  }
  const int64_t units = flat ? (axis + schedule.pixels - 1) / schedule.pixels : out.type.height;
  schedule.rows = choose_rows(units, blocks / schedule.vectors, multiply_adds);
  std::string reason = fmt::format("direct convolution, {} x {} register tile ({}{:.0f}% of peak expected)", schedule.vectors * lanes,
                                   schedule.pixels, flat ? "pixels of all rows as one axis, " : "", 100 * best);
  if (axis % schedule.pixels != 0) {
    reason += fmt::format("; {} {} are not whole tiles, the last one overlaps", axis, flat ? "pixels" : "columns");
  }
  if (schedule.rows == 0) {
    reason += "; too little work to share between threads";
  } else {
    reason += fmt::format("; {} tasks", (units + schedule.rows - 1) / schedule.rows * (blocks / schedule.vectors));
  }
  return {schedule, reason};
}

namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Seconds of a convolution by `multiply_adds` that reads `weight_bytes` from memory, arithmetic and memory partly at once.
double seconds(double multiply_adds, double weight_bytes) {
  constexpr double multiply_adds_a_second = 8e10, bytes_a_second = 2e10;
  const double arithmetic = multiply_adds / multiply_adds_a_second, memory = weight_bytes / bytes_a_second;
  return std::max(arithmetic, memory) + 0.25 * std::min(arithmetic, memory);
}

}  // namespace

int64_t choose_winograd(const TensorType& in, const TensorType& out, const OpAttributes& a) {
  if (!program::can_be_winograd(a)) return 0;
  const double channels = static_cast<double>(in.channels) * static_cast<double>(out.channels);
  double least = seconds(9 * channels * static_cast<double>(out.pixels()) / 0.97, 36 * channels);
  int64_t best = 0;
  // F(6x6) is left out: its rounding error is the largest, and nothing bounds a whole network's yet.
  for (int64_t m : {2, 4}) {
    const auto elements = static_cast<double>((m + 2) * (m + 2));
    const auto tiles = static_cast<double>(ceil_div(out.height, m) * ceil_div(out.width, m));
    // Both ways of the transforms, in terms of products: so many a channel.
    constexpr double transform = 20;
    const double work = elements * tiles * (channels + transform * static_cast<double>(in.channels + out.channels)) / 0.85;
    const double now = seconds(work, 4 * elements * channels);
    if (now >= least) continue;
    least = now;
    best = m;
  }
  return best;
}

ScheduleChoice choose_winograd_schedule(const program::Tensor& in, const program::Tensor& out, int64_t output, const std::string& target) {
  const RegisterFile file = registers_of(target);
  const int64_t across = ceil_div(out.type.width, output), down = ceil_div(out.type.height, output);
  const int64_t blocks = out.channel_stride / lanes;
  program::Schedule schedule;
  schedule.algorithm = program::Algorithm::winograd;
  schedule.output = output;
  // A task's part of the transformed input stays in the second-level cache, but a row of tiles is the least there is.
  constexpr int64_t cache_bytes = 512 << 10;
  const int64_t row_bytes = (output + 2) * (output + 2) * across * in.channel_stride * 4;
  const int64_t most_rows = std::clamp<int64_t>(cache_bytes / row_bytes, 1, down);
  double best = 0;
  for (int64_t vectors = 1; vectors <= 4; ++vectors) {
    if (blocks % vectors != 0) continue;
    for (int64_t h = 1; h <= most_rows && file.holds(vectors, h); ++h) {
      for (int64_t w = 1; w <= across && file.holds(vectors, h * w); ++w) {
        const double used = static_cast<double>(across * down) / static_cast<double>(ceil_div(across, w) * w * ceil_div(down, h) * h);
        const double now = used * efficiency(file, vectors, h * w, h * w, in.channel_stride * 4);
        if (now <= best + 1e-9) continue;
        best = now;
        schedule.vectors = vectors;
        schedule.tiles = {h, w};
      }
    }
  }
  // The tasks divide evenly between two threads if they can.
  const int64_t groups = ceil_div(down, schedule.tiles.h);
  int64_t chosen = 1;
  double least = 0;
  for (int64_t per_task = 1; per_task <= std::max<int64_t>(1, most_rows / schedule.tiles.h); ++per_task) {
    const double now = imbalance(groups, per_task, 1);
    if (per_task > 1 && now > least + 1e-9) continue;
    least = now;
    chosen = per_task;
  }
  schedule.rows = chosen * schedule.tiles.h;
  return {schedule, fmt::format("Winograd's transforms with tiles of {0}x{0} results, {1} x {2} tiles in registers; {3} tasks", output,
                                schedule.vectors * lanes, to_string(schedule.tiles), ceil_div(down, schedule.rows))};
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
