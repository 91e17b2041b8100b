/// \file The model behind Winograd's transforms: operations and bytes, with figures measured on two kinds of x86-64 cores.
#include "passes/winograd_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "passes/machine_model.h"

namespace resnetc::passes {

namespace {

/// Multiply-adds of one lane, or what takes as long.
struct Work {
  double products = 0;
  double input = 0;    ///< transforming the input
  double weights = 0;  ///< transforming the weights once
  double output = 0;   ///< transforming back
};

/// Of a matrix times a matrix with `columns`: zeros cost nothing.
double operations(const Matrix& matrix, int64_t columns) {
  int64_t nonzero = 0;
  for (const std::vector<double>& row : matrix) nonzero += static_cast<int64_t>(row.size()) - std::count(row.begin(), row.end(), 0.0);
  return static_cast<double>(nonzero * columns);
}

Work work_of(const WinogradForm& form, const Winograd& by, const TensorType& out) {
  const auto tiles = static_cast<double>(ceil_div(out.height, by.output) * ceil_div(out.width, by.output));
  const auto ci = static_cast<double>(form.channels), co = static_cast<double>(whole_vectors(out.channels));
  const auto n = static_cast<double>(by.products());
  // Transformed weights go to the second-level cache and come back: measured, about twice their arithmetic.
  return {n * n * tiles * static_cast<double>(form.summed) * co, tiles * ci * operations(by.bt, by.input() + by.products()),
          2 * ci * co * operations(by.g, 3 + by.weights()), tiles * co * operations(by.at, by.products() + by.output)};
}

/// Seconds of `work` multiply-adds that read `weights` elements from memory; the shorter is mostly hidden behind the longer.
double seconds(double work, double weights) {
  constexpr double multiply_adds_a_second = 8e10, bytes_a_second = 2.5e10;
  const double arithmetic = work / multiply_adds_a_second, memory = 4 * weights / bytes_a_second;
  return std::max(arithmetic, memory) + 0.1 * std::min(arithmetic, memory);
}

double checkpoint_elements(const Convolution& c) {
  const OpAttributes& a = c.attributes;
  const int64_t per_group = c.in.channels / a.groups;
  return static_cast<double>(c.out.channels * per_group * a.kernel.h * a.kernel.w);
}

/// Elements of the packed weights.
double packed_elements(const Convolution& c, const WinogradChoice& choice) {
  if (!choice.packed) return checkpoint_elements(c);
  const WinogradForm form = *winograd_form(c.attributes, c.in.channels);
  const auto channels = static_cast<double>(form.channels) * static_cast<double>(whole_vectors(c.out.channels));
  const auto weights = static_cast<double>(winograd(form, choice.output)->weights());
  return channels * weights * weights;
}

}  // namespace

double expected_seconds(const Convolution& c, const WinogradChoice& choice) {
  constexpr double direct_efficiency = 0.95, transformed_efficiency = 0.85;
  const double weights = packed_elements(c, choice);
  if (choice.output == 0) return seconds(static_cast<double>(c.out.pixels()) * checkpoint_elements(c) / direct_efficiency, weights);
  const WinogradForm form = *winograd_form(c.attributes, c.in.channels);
  const Work work = work_of(form, *winograd(form, choice.output), c.out);
  const double once = work.products / transformed_efficiency + work.input + work.output;
  return seconds(once + (choice.packed ? 0 : work.weights), weights);
}

namespace {

bool can_be_transformed(const Convolution& c) {
  const std::optional<WinogradForm> form = winograd_form(c.attributes, c.in.channels);
  return form && (form->phases ? c.dense : c.in.channels % lanes == 0);
}

/// A convolution whose weights would better be packed as transformed, if the weights file had room for it.
struct Wish {
  size_t index = 0;
  WinogradChoice choice;
  double saved = 0;  ///< seconds
  double added = 0;  ///< elements
};

}  // namespace

std::vector<WinogradChoice> choose_winograd(std::span<const Convolution> convolutions, int64_t largest_tile) {
  std::vector<WinogradChoice> choices(convolutions.size());
  std::vector<Wish> wishes;
  double room = 0;
  for (size_t i = 0; i < convolutions.size(); ++i) {
    const Convolution& c = convolutions[i];
    const double checkpoint = checkpoint_elements(c);
    room += 2 * checkpoint;
    if (can_be_transformed(c)) {
      WinogradChoice best, modest;
      const WinogradForm form = *winograd_form(c.attributes, c.in.channels);
      for (int64_t output : {2, 4}) {
        if (output > largest_tile) break;
        if (winograd(form, output) == nullptr) continue;
        for (bool packed : {true, false}) {
          if (!packed && form.phases) continue;
          const WinogradChoice now{output, packed};
          if (expected_seconds(c, now) < expected_seconds(c, best)) best = now;
          if (packed_elements(c, now) <= 2 * checkpoint && expected_seconds(c, now) < expected_seconds(c, modest)) modest = now;
        }
      }
      choices[i] = modest;
      const double added = packed_elements(c, best) - packed_elements(c, modest);
      if (best != modest && added > 0) wishes.push_back({i, best, expected_seconds(c, modest) - expected_seconds(c, best), added});
    }
    room -= packed_elements(c, choices[i]);
  }
  // What saves most time an element comes first.
  std::sort(wishes.begin(), wishes.end(), [](const Wish& a, const Wish& b) {
    const double first = a.saved * b.added, second = b.saved * a.added;
    return first != second ? first > second : a.index < b.index;
  });
  for (const Wish& wish : wishes) {
    if (wish.added > room) continue;
    room -= wish.added;
    choices[wish.index] = wish.choice;
  }
  return choices;
}

WinogradChoice choice_of(const program::Schedule& schedule) {
  if (schedule.algorithm != program::Algorithm::winograd) return {};
  return {schedule.output, schedule.depth == 0};
}

void prefer(std::span<const std::optional<WinogradChoice>> wanted, std::span<const Convolution> convolutions, bool limited,
            std::vector<WinogradChoice>& choices) {
  double room = 0;
  for (size_t i = 0; i < choices.size(); ++i)
    room += 2 * checkpoint_elements(convolutions[i]) - packed_elements(convolutions[i], choices[i]);
  for (bool grows : {false, true}) {  // what shrinks makes room for what grows
    for (size_t i = 0; i < choices.size(); ++i) {
      if (!wanted[i]) continue;
      const double added = packed_elements(convolutions[i], *wanted[i]) - packed_elements(convolutions[i], choices[i]);
      if ((added > 0) != grows || (limited && added > std::max(room, 0.0))) continue;
      room -= added;
      choices[i] = *wanted[i];
    }
  }
}

namespace {

/// What is known of a convolution before its schedule is chosen.
struct Case {
  const Convolution& convolution;
  const OpAttributes* pool;  ///< null: none
  const WinogradChoice& choice;
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
  const Work work = work_of(c.form, c.by, c.convolution.out);
  const double weight_bytes = 4 * packed_elements(c.convolution, c.choice);
  constexpr double multiply_adds_a_byte = 1;  // from the third-level cache: two for one from memory
  constexpr int64_t task_bytes = 1 << 20;     // what a core's second-level cache holds
  const int64_t row_bytes = c.by.products() * c.by.products() * c.across * c.form.channels * 4;
  const double of_weights = c.form.phases ? 0 : c.choice.packed ? multiply_adds_a_byte * weight_bytes : work.weights;
  const int64_t step = plan.tiles.h, groups = c.blocks / plan.vectors;
  for (plan.rows = step; plan.rows < c.down + step; plan.rows += step) {
    if (plan.rows > 1 && plan.rows * row_bytes > task_bytes) break;
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
std::vector<Plan> rank_plans(const Case& c, const std::string& target) {
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

Case case_of(const Convolution& convolution, const program::Tensor& out, const OpAttributes* pool, const WinogradChoice& choice) {
  const WinogradForm form = *winograd_form(convolution.attributes, convolution.in.channels);
  const Winograd& by = *winograd(form, choice.output);
  const int64_t across = ceil_div(out.type.width, by.output), down = ceil_div(out.type.height, by.output);
  return {convolution, pool, choice, form, by, across, down, out.channel_stride / lanes};
}

}  // namespace

ScheduleChoice choose_winograd_schedule(const program::Tensor& in, const program::Tensor& out, const OpAttributes& a,
                                        const OpAttributes* pool, const WinogradChoice& choice, const std::string& target) {
  const Convolution convolution{in.type, out.type, a};
  const Case one = case_of(convolution, out, pool, choice);
  const Plan plan = rank_plans(one, target).front();
  return {make_schedule(one, plan),
          fmt::format("Winograd's transforms with tiles of {0}x{0} results, {1} x {2} tiles in registers, weights transformed {3}; "
                      "{4} tasks",
                      choice.output, plan.vectors * lanes, to_string(plan.tiles), choice.packed ? "when they are packed" : "in each run",
                      plan.tasks)};
}

std::vector<program::Schedule> winograd_candidates(const program::Tensor& in, const program::Tensor& out, const OpAttributes& a,
                                                   const OpAttributes* pool, const WinogradChoice& choice, const std::string& target) {
  const Convolution convolution{in.type, out.type, a};
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
