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
