/// \file The model of what register tiles and tasks cost.
#include "passes/winograd_schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "passes/machine_model.h"

namespace resnetc::passes {

namespace {

/// What is known of a convolution before its schedule is chosen.
struct Case {
  const Convolution& convolution;
  const OpAttributes* pool;  ///< null: none
  const AlgorithmChoice& choice;
  WinogradForm form;
  const Winograd& by;
  int64_t across, down, blocks;  ///< tiles each way, vectors of output channels
};

/// The part of peak arithmetic that the products reach in a register tile of `vectors` by `tiles`.
double efficiency_of(const Case& c, const RegisterFile& file, int64_t vectors, Extent2 tiles) {
  const int64_t count = tiles.h * tiles.w;
  const int64_t computed = ceil_div(c.across, tiles.w) * tiles.w * ceil_div(c.down, tiles.h) * tiles.h;
  double result =
      efficiency(file, vectors, count, count, lanes * 4) * static_cast<double>(c.across * c.down) / static_cast<double>(computed);
  if (c.form.phases) {
    // Each group of tiles reads all weights from the second-level cache, and its products stay in the first.
    const int64_t bytes = c.by.products() * c.by.products() * vectors * lanes * count * 4;
    result *= static_cast<double>(count) / static_cast<double>(count + 2) * (bytes > 48 << 10 ? 0.5 : 1);
  }
  return result;
}

/// Rows of tiles to compute in tasks of `rows`: with a pool whole blocks of its rows, where the rows that two blocks' windows share are
/// computed twice; none if a task does not hold a window.
int64_t rows_to_compute(const Case& c, int64_t rows) {
  if (c.pool == nullptr) return c.down;
  if (rows * c.by.output < c.pool->kernel.h) return 0;
  const int64_t pool_rows = (rows * c.by.output - c.pool->kernel.h) / c.pool->stride.h + 1;
  const int64_t pooled = (c.convolution.out.height + 2 * c.pool->pad.h - c.pool->kernel.h) / c.pool->stride.h + 1;
  return ceil_div(pooled, pool_rows) * rows;
}

/// A register tile with tasks for it.
struct Plan {
  int64_t vectors = 1;
  Extent2 tiles{1, 1};
  int64_t rows = 1, parts = 1, tasks = 1;
  double cost = 0;  ///< time of the slower of two threads, in multiply-adds
};

/// All tasks for one register tile. Each block of rows reads its weights anew, or transforms them, and each part of the output channels its
/// input.
void add_plans(const Case& c, double tile_efficiency, Plan plan, std::vector<Plan>& plans) {
  const WinogradWork work = winograd_work(c.form, c.by, c.convolution.out);
  const double weight_bytes = 4 * packed_elements(c.convolution, c.choice);
  constexpr double multiply_adds_a_byte = 1;  // from the third-level cache: two for one from memory
  constexpr int64_t task_bytes = 1 << 20;     // what a core's second-level cache holds
  const int64_t row_bytes = c.by.products() * c.by.products() * c.across * c.form.channels * 4;
  const double of_weights = c.form.phases ? 0 : c.choice.packed ? multiply_adds_a_byte * weight_bytes : work.weights;
  const int64_t step = plan.tiles.h, groups = c.blocks / plan.vectors;
  const int64_t least = c.pool == nullptr ? 1 : ceil_div(c.pool->kernel.h, c.by.output);
  for (plan.rows = step; plan.rows < c.down + step; plan.rows += step) {
    if (plan.rows > least && plan.rows * row_bytes > task_bytes) break;
    const int64_t units = rows_to_compute(c, plan.rows);
    if (units == 0) continue;
    const int64_t row_blocks = ceil_div(units, plan.rows), most_parts = c.pool == nullptr ? std::min<int64_t>(groups, 4) : 1;
    for (plan.parts = 1; plan.parts <= most_parts; ++plan.parts) {
      const double uneven = static_cast<double>(ceil_div(groups, plan.parts) * plan.parts) / static_cast<double>(groups);
      const double all = work.products / tile_efficiency + work.output + work.input * static_cast<double>(plan.parts) +
                         static_cast<double>(row_blocks) * of_weights;
      plan.tasks = row_blocks * plan.parts;
      // Of equals, the one with more tasks: there may be more than two threads.
      plan.cost = all * static_cast<double>(units) / static_cast<double>(c.down) * imbalance(units, plan.rows, plan.parts) * uneven *
                  (1 + 0.02 / static_cast<double>(plan.tasks));
      plans.push_back(plan);
    }
  }
}

/// The cheapest first.
std::vector<Plan> rank_plans(const Case& c, const Target& target) {
  const RegisterFile file = registers_of(target);
  std::vector<Plan> plans;
  for (int64_t vectors = 1; vectors <= 4; ++vectors) {
    if (c.blocks % vectors != 0) continue;
    for (int64_t h = 1; h <= c.down && file.holds(vectors, h); ++h) {
      for (int64_t w = 1; w <= c.across && file.holds(vectors, h * w); ++w) {
        Plan plan;
        plan.vectors = vectors;
        plan.tiles = {h, w};
        add_plans(c, efficiency_of(c, file, vectors, plan.tiles), plan, plans);
      }
    }
  }
  return ranked(plans, [](const Plan& plan) { return plan.cost; });
}

/// Input channels whose weights are transformed together.
int64_t choose_depth(const Winograd& by, int64_t channels, int64_t vectors) {
  // All at once need no sums in memory; where they do not leave room in the second-level cache, a quarter of it.
  const int64_t vector_bytes = by.weights() * by.weights() * lanes * vectors * lanes * 4;
  int64_t depth = channels;
  if (depth / lanes * vector_bytes > 640 << 10) {
    do depth -= lanes;
    while (channels % depth != 0 || (depth > lanes && depth / lanes * vector_bytes > 256 << 10));
  }
  return depth;
}

program::Schedule make_schedule(const Case& c, const Plan& plan) {
  program::Schedule schedule;
  schedule.algorithm = program::Algorithm::winograd;
  schedule.output = c.by.output;
  schedule.vectors = plan.vectors;
  schedule.tiles = plan.tiles;
  schedule.rows = plan.rows;
  schedule.parts = plan.parts;
  schedule.depth = c.choice.packed ? 0 : choose_depth(c.by, c.convolution.in.channels, plan.vectors);
  return schedule;
}

Case case_of(const Convolution& convolution, const program::Tensor& out, const OpAttributes* pool, const AlgorithmChoice& choice) {
  const WinogradForm form = *winograd_form(convolution.attributes, convolution.in.channels);
  const Winograd& by = *winograd(form, choice.output);
  const int64_t across = ceil_div(out.type.width, by.output), down = ceil_div(out.type.height, by.output);
  return {convolution, pool, choice, form, by, across, down, out.channel_stride / lanes};
}

}  // namespace

ScheduleChoice choose_winograd_schedule(const program::Tensor& in, const program::Tensor& out, const OpAttributes& a,
                                        const OpAttributes* pool, const AlgorithmChoice& choice, const Target& target) {
  const Convolution convolution{in.type, out.type, a, {}};
  const Case one = case_of(convolution, out, pool, choice);
  const Plan plan = rank_plans(one, target).front();
  return {make_schedule(one, plan),
          fmt::format("Winograd's transforms with tiles of {0}x{0} results, {1} x {2} tiles in registers, weights transformed {3}; "
                      "{4} tasks",
                      choice.output, plan.vectors * lanes, to_string(plan.tiles), choice.packed ? "when they are packed" : "in each run",
                      plan.tasks)};
}

std::vector<program::Schedule> winograd_candidates(const program::Tensor& in, const program::Tensor& out, const OpAttributes& a,
                                                   const OpAttributes* pool, const AlgorithmChoice& choice, const Target& target) {
  const Convolution convolution{in.type, out.type, a, {}};
  const Case one = case_of(convolution, out, pool, choice);
  constexpr size_t most = 10;
  constexpr int64_t most_of_a_tile = 3;
  std::vector<program::Schedule> candidates;
  for (const Plan& plan : rank_plans(one, target)) {
    const auto same_tile = [&](const program::Schedule& s) { return s.vectors == plan.vectors && s.tiles == plan.tiles; };
    if (std::count_if(candidates.begin(), candidates.end(), same_tile) >= most_of_a_tile) continue;
    candidates.push_back(make_schedule(one, plan));
    if (candidates.size() == most) break;
  }
  if (!choice.packed && candidates.front().depth % (2 * lanes) == 0) {
    candidates.push_back(candidates.front());
    candidates.back().depth /= 2;
  }
  return candidates;
}

}  // namespace resnetc::passes
