/// \file The model of what register tiles and tasks cost.
#include "passes/strassen_schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/strassen.h"
#include "passes/machine_model.h"

namespace resnetc::passes {

namespace {

/// A register tile with tasks for it.
struct Plan {
  program::Schedule schedule;
  int64_t tasks = 1;
  double cost = 0;  ///< proportional to the time of the slower of two threads
};

/// All tasks for one register tile. Each block of rows reads the weights anew, and each part of the output channels combines its input.
void add_plans(const Convolution& c, int64_t groups, double tile_efficiency, Plan plan, std::vector<Plan>& plans) {
  const StrassenWork work = strassen_work(c);
  program::Schedule& s = plan.schedule;
  constexpr double multiply_adds_a_byte = 0.5;  // from the third-level cache, most of it fetched in time
  // Threads that share channels read what the other one wrote; rows are mostly their own. Parts of 256 to 1024 channels took 3 % longer
  // than rows, whose smaller tile the model puts 2 % behind.
  constexpr double others_rows = 1.05;
  const double weight_bytes = 4 * packed_elements(c, {program::Algorithm::strassen, 0, false});
  const int64_t down = c.out.height;
  for (s.rows = s.tiles.h; s.rows < down + s.tiles.h; s.rows += s.tiles.h) {
    // One row there always is: a tuned schedule may be for rows that the model would not choose.
    if (s.rows > 1 && s.rows * row_of_halves(c) > most_halves) break;
    const int64_t row_blocks = ceil_div(down, s.rows);
    const double computed = static_cast<double>(row_blocks * s.rows) / static_cast<double>(down);
    for (s.parts = 1; s.parts <= std::min<int64_t>(groups, 4); ++s.parts) {
      const double uneven = static_cast<double>(ceil_div(groups, s.parts) * s.parts) / static_cast<double>(groups);
      const double all = computed * uneven * (work.products / tile_efficiency + work.output + work.input * static_cast<double>(s.parts)) +
                         static_cast<double>(row_blocks) * multiply_adds_a_byte * weight_bytes;
      plan.tasks = row_blocks * s.parts;
      // Of equals, the one with more tasks: there may be more than two threads.
      const double even = static_cast<double>(ceil_div(plan.tasks, 2) * 2) / static_cast<double>(plan.tasks);
      plan.cost = all * even * (s.parts > 1 ? others_rows : 1) * (1 + 0.02 / static_cast<double>(plan.tasks));
      plans.push_back(plan);
    }
  }
}

/// The cheapest first.
std::vector<Plan> rank_plans(const Convolution& c, const program::Tensor& out, const Target& target) {
  const RegisterFile file = registers_of(target);
  const int64_t across = ceil_div(c.out.width, 2), down = c.out.height, blocks = out.channel_stride / (2 * lanes);
  std::vector<Plan> plans;
  for (int64_t vectors = 1; vectors <= 4; ++vectors) {
    if (blocks % vectors != 0) continue;
    for (int64_t h = 1; h <= down && file.holds(vectors, h); ++h) {
      for (int64_t w = 1; w <= across && file.holds(vectors, h * w); ++w) {
        Plan plan;
        plan.schedule.algorithm = program::Algorithm::strassen;
        plan.schedule.vectors = vectors;
        plan.schedule.tiles = {h, w};
        const double useful = static_cast<double>(across) / static_cast<double>(ceil_div(across, w) * w);
        add_plans(c, blocks / vectors, efficiency(file, vectors, h * w, h * w, lanes * 4) * useful, plan, plans);
      }
    }
  }
  return ranked(plans, [](const Plan& plan) { return plan.cost; });
}

}  // namespace

ScheduleChoice choose_strassen_schedule(const Convolution& convolution, const program::Tensor& out, const Target& target) {
  const Plan plan = rank_plans(convolution, out, target).front();
  const program::Schedule& s = plan.schedule;
  return {s, fmt::format("Strassen's products of halves, {} channels x {} pairs of pixels in registers; {} tasks", s.vectors * lanes,
                         to_string(s.tiles), plan.tasks)};
}

std::vector<program::Schedule> strassen_candidates(const Convolution& convolution, const program::Tensor& out, const Target& target) {
  constexpr size_t most = 6;
  constexpr int64_t most_of_a_tile = 3;
  std::vector<program::Schedule> candidates;
  for (const Plan& plan : rank_plans(convolution, out, target)) {
    const auto same_tile = [&](const program::Schedule& s) { return s.vectors == plan.schedule.vectors && s.tiles == plan.schedule.tiles; };
    if (std::count_if(candidates.begin(), candidates.end(), same_tile) >= most_of_a_tile) continue;
    candidates.push_back(plan.schedule);
    if (candidates.size() == most) break;
  }
  return candidates;
}

}  // namespace resnetc::passes
