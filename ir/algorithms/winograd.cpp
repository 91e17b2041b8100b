/// \file The record of Winograd's transforms: their conditions, scratch memory and cost, and their register tiles and tasks.
#include "ir/algorithms/winograd.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/algorithms/implementation.h"
#include "ir/algorithms/machine_model.h"
#include "ir/winograd.h"

namespace resnetc::program {

namespace {

/// The operations of the product of `matrix` and a matrix with `columns` columns. Zeros cost nothing.
double operations(const Matrix& matrix, int64_t columns) {
  int64_t nonzero = 0;
  for (const std::vector<double>& row : matrix) nonzero += static_cast<int64_t>(row.size()) - std::count(row.begin(), row.end(), 0.0);
  return static_cast<double>(nonzero * columns);
}

/// The form of a convolution for the transforms, if its input has a suitable layout: the channels form whole vectors or, for phases, have
/// no gaps.
std::optional<WinogradForm> form_of(const Convolution& c) {
  // Transformed bytes need 16 bits, for which there is no faster instruction than for products of bytes.
  if (sums_integers(c)) return std::nullopt;
  const std::optional<WinogradForm> form = winograd_form(c.attributes, c.in.channels);
  if (form && (form->phases ? !c.dense : c.in.channels % lanes != 0)) return std::nullopt;
  return form;
}

/// The cost of the transforms, in multiply-adds of one lane or work that takes as long.
struct WinogradWork {
  double products = 0;
  double input = 0;    ///< transforming the input
  double weights = 0;  ///< transforming the weights once
  double output = 0;   ///< transforming back
};

WinogradWork transform_work(const WinogradForm& form, const Winograd& by, const TensorType& out) {
  const auto tiles = static_cast<double>(ceil_div(out.height, by.output) * ceil_div(out.width, by.output));
  const auto ci = static_cast<double>(form.channels), co = static_cast<double>(whole_vectors(out.channels));
  const auto n = static_cast<double>(by.products());
  // Transformed weights go to the second-level cache and come back. That was measured to cost about twice their arithmetic.
  return {n * n * tiles * static_cast<double>(form.summed) * co, tiles * ci * operations(by.bt, by.input() + by.products()),
          2 * ci * co * operations(by.g, 3 + by.weights()), tiles * co * operations(by.at, by.products() + by.output)};
}

/// The number of input channels whose weights are transformed together, for `vectors` vectors of output channels. If all channels are
/// transformed at once, no sums go through memory. If there is no room for the weights of all, as many channels are taken as have room:
/// in a quarter of the second-level cache, or in the first where little passes behind arithmetic. (14x14x256, tiles of 4x4: 0.80 ms with a
/// depth of 16, 0.83 with 32, 0.9 with 128 and 1.18 with 256; packed transformed 1.03; Intel Xeon with AVX-512, in ResNet-50.)
int64_t choose_depth(const WinogradForm& form, const Winograd& by, const Machine& machine, int64_t vectors) {
  constexpr double of_second = 0.25;
  const int64_t channels = form.channels;
  const auto room = static_cast<int64_t>(machine.hidden < 0.8 ? static_cast<double>(machine.first.bytes)
                                                              : of_second * static_cast<double>(task_bytes(machine)));
  const int64_t vector_bytes = bytes_of(ElementType::f32, by.weights() * by.weights() * lanes * vectors * lanes);
  if (channels / lanes * vector_bytes <= room * 5 / 2) return channels;
  int64_t depth = channels;
  while (depth > lanes && (channels % depth != 0 || depth / lanes * vector_bytes > room)) depth -= lanes;
  return depth;
}

/// The number of elements of the weights, if they are transformed when they are packed.
double transformed_elements(const WinogradForm& form, const Winograd& by, const TensorType& out) {
  const auto channels = static_cast<double>(form.channels) * static_cast<double>(whole_vectors(out.channels));
  const auto weights = static_cast<double>(by.weights());
  return channels * weights * weights;
}

/// The properties of a convolution that the choice of its schedule depends on.
struct Case {
  TensorType out;            ///< type that the convolution computes
  const OpAttributes* pool;  ///< null: no pool
  int64_t stored_rows;       ///< rows of what the kernel stores: with a pool, those of its result
  double weights;            ///< number of elements of the packed weights; those of projections are the same for all schedules
  bool packed;               ///< whether the weights are packed transformed
  WinogradForm form;
  const Winograd& by;
  int64_t across, down, blocks;  ///< tiles across and down, vectors of output channels
};

/// The sums of products of a register tile of `vectors` by `tiles`.
SummedTile summed(const Case& c, int64_t vectors, Extent2 tiles) {
  const int64_t count = tiles.h * tiles.w;
  return {vectors, count, c.form.summed, count, bytes_of(c.out.element, lanes)};
}

/// The fraction of the peak arithmetic that the products reach in a register tile of `vectors` by `tiles`.
double efficiency_of(const Case& c, const Machine& machine, const RegisterFile& file, int64_t vectors, Extent2 tiles) {
  const int64_t count = tiles.h * tiles.w;
  const int64_t computed = ceil_div(c.across, tiles.w) * tiles.w * ceil_div(c.down, tiles.h) * tiles.h;
  double result =
      efficiency(machine, file, summed(c, vectors, tiles)) * static_cast<double>(c.across * c.down) / static_cast<double>(computed);
  if (c.form.phases) {
    // Each group of tiles reads all weights from the second-level cache. Its products stay in the first-level cache.
    const int64_t bytes = bytes_of(c.out.element, c.by.products() * c.by.products() * vectors * lanes * count);
    result *= static_cast<double>(count) / static_cast<double>(count + 2) * (bytes > machine.first.bytes ? 0.5 : 1);
  }
  return result;
}

/// The number of rows of tiles to compute in tasks of `rows` rows. With a pool, a task computes whole rows of the pool's result, and rows
/// that the windows of two tasks share are computed twice. Nothing if a task does not hold a window.
int64_t rows_to_compute(const Case& c, int64_t rows) {
  if (c.pool == nullptr) return c.down;
  if (rows * c.by.output < c.pool->kernel.h) return 0;
  const int64_t pool_rows = (rows * c.by.output - c.pool->kernel.h) / c.pool->stride.h + 1;
  return ceil_div(c.stored_rows, pool_rows) * rows;
}

/// A register tile and its tasks.
struct WinogradPlan {
  int64_t vectors = 1;
  Extent2 tiles{1, 1};
  int64_t rows = 1, parts = 1, tasks = 1;
  double work = 0;  ///< time of one thread, in multiply-adds
  double cost = 0;  ///< time of the slower of two threads, in multiply-adds
};

/// Adds the plans for all divisions into tasks with one register tile. Each block of rows reads or transforms its weights again, and each
/// part of the output channels transforms its input again.
void add_plans(const Case& c, const Machine& machine, double tile_efficiency, WinogradPlan plan, std::vector<WinogradPlan>& plans) {
  const WinogradWork work = transform_work(c.form, c.by, c.out);
  const double weight_bytes = static_cast<double>(bytes_of(c.out.element)) * c.weights;
  const double multiply_adds_a_byte = machine.multiply_adds_a_second() / machine.third.bytes_a_second;
  const int64_t row_bytes = bytes_of(c.out.element, c.by.products() * c.by.products() * c.across * c.form.channels);
  const double of_weights = c.form.phases ? 0 : c.packed ? multiply_adds_a_byte * weight_bytes : work.weights;
  const int64_t step = plan.tiles.h, groups = c.blocks / plan.vectors;
  const int64_t least = c.pool == nullptr ? 1 : ceil_div(c.pool->kernel.h, c.by.output);
  for (plan.rows = step; plan.rows < c.down + step; plan.rows += step) {
    if (plan.rows > least && plan.rows * row_bytes > task_bytes(machine)) break;
    const int64_t units = rows_to_compute(c, plan.rows);
    if (units == 0) continue;
    const int64_t row_blocks = ceil_div(units, plan.rows), most_parts = c.pool == nullptr ? std::min<int64_t>(groups, 4) : 1;
    for (plan.parts = 1; plan.parts <= most_parts; ++plan.parts) {
      const double uneven = static_cast<double>(ceil_div(groups, plan.parts) * plan.parts) / static_cast<double>(groups);
      const double all = work.products / tile_efficiency + work.output + work.input * static_cast<double>(plan.parts) +
                         static_cast<double>(row_blocks) * of_weights;
      plan.tasks = row_blocks * plan.parts;
      // Among equal costs, prefer more tasks, because there may be more than two threads.
      plan.work = all * static_cast<double>(units) / static_cast<double>(c.down);
      plan.cost = plan.work * imbalance(units, plan.rows, plan.parts) * uneven * (1 + 0.02 / static_cast<double>(plan.tasks));
      plans.push_back(plan);
    }
  }
}

/// All plans, the cheapest first.
std::vector<WinogradPlan> rank_plans(const Case& c, const Situation& situation) {
  const RegisterFile file = registers_of(situation.target, situation.machine);
  const Machine& machine = situation.machine;
  std::vector<WinogradPlan> plans;
  each_register_tile(file, c.blocks, {c.down, c.across}, [&](int64_t vectors, Extent2 tiles) {
    add_plans(c, machine, efficiency_of(c, machine, file, vectors, tiles), {.vectors = vectors, .tiles = tiles}, plans);
  });
  return ranked(plans, [](const WinogradPlan& plan) { return plan.cost; });
}

WinogradSchedule make_schedule(const Case& c, const Machine& machine, const WinogradPlan& plan) {
  return {.output = c.by.output,
          .vectors = plan.vectors,
          .tiles = plan.tiles,
          .rows = plan.rows,
          .depth = c.packed ? 0 : choose_depth(c.form, c.by, machine, plan.vectors),
          .parts = plan.parts};
}

Case case_of(const KernelSpec& spec, const AlgorithmChoice& choice) {
  Convolution convolution = convolution_of(spec);
  convolution.projected.clear();
  const WinogradForm form = *winograd_form(convolution.attributes, convolution.in.channels);
  const Winograd& by = *winograd(form, choice.output);
  const TensorType& out = convolution.out;
  return {out,
          spec.pool ? &*spec.pool : nullptr,
          spec.out.type.height,
          choice.packed ? transformed_elements(form, by, out) : checkpoint_elements(convolution),
          choice.packed,
          form,
          by,
          ceil_div(out.width, by.output),
          ceil_div(out.height, by.output),
          channel_blocks(spec)};
}

/// The time of the projections, in multiply-adds.
double projections(const Convolution& c) {
  constexpr double efficiency = 0.95;  // they are direct sums
  return static_cast<double>(c.out.pixels()) * static_cast<double>(projected_channels(c) * c.out.channels) / efficiency;
}

/// Whether one row of transformed tiles and its products are small enough. If they are larger, the caches do not help, and the scratch
/// memory of a task is limited.
bool row_fits(const Convolution& c, const WinogradForm& form, const Winograd& by) {
  constexpr int64_t most_bytes = 16 << 20;
  const int64_t tiles = ceil_div(c.out.width, by.output) + 1, channels = form.channels + whole_vectors(c.out.channels);
  return bytes_of(c.in.element, by.products() * by.products() * tiles * channels) <= most_bytes;
}

class Transforms final : public Implementation {
 public:
  std::string_view algorithm(KernelKind) const override { return WinogradSchedule::name; }
  bool applies(const KernelSpec& spec) const override { return can_be_winograd(spec); }

  Fault fault(const KernelSpec& spec) const override {
    const WinogradSchedule& s = std::get<WinogradSchedule>(spec.schedule);
    if (Fault fault = tile_fault(s.vectors, 1)) return fault;
    if (!can_be_winograd(spec)) return "it is no convolution that Winograd's transforms apply to";
    const WinogradForm form = *winograd_form(spec.attributes, spec.in.type.channels);
    const Winograd* by = winograd(form, s.output);
    if (by == nullptr) {
      return fmt::format("a tile of {0} x {0} results has no transform at stride {1}", s.output, spec.attributes.stride.w);
    }
    const int64_t channels = spec.in.type.channels;
    if (s.depth != 0 && (form.phases || s.depth % lanes != 0 || channels % s.depth != 0)) {
      return fmt::format("a depth of {} does not divide its {} input channels into whole vectors", s.depth, channels);
    }
    const int64_t down = ceil_div(computed_type(spec).height, s.output);
    if (Fault fault = tiles_fault(spec, s.vectors, s.tiles, s.rows, down, s.parts)) return fault;
    if (spec.pool && (s.parts != 1 || s.output * s.rows < spec.pool->kernel.h)) return std::string(cannot_pool);
    return std::nullopt;
  }

  Packing weight_packing(const OpAttributes& attributes, int64_t in_channels, const Schedule& schedule) const override {
    const auto& s = std::get<WinogradSchedule>(schedule);
    if (s.depth != 0) return Implementation::weight_packing(attributes, in_channels, schedule);  // the kernel transforms them
    const WinogradForm form = *winograd_form(attributes, in_channels);
    return {.kind = RecipeKind::pack_winograd, .output = s.output, .stride = form.stride, .phases = form.phases};
  }

  /// For phases, the halo consists of whole squares around the padding.
  Extent2 halo(const OpAttributes& a, int64_t in_channels) const override {
    const std::optional<WinogradForm> form = winograd_form(a, in_channels);
    const Extent2 pad = a.pad.largest();
    if (!form || !form->phases) return pad;
    return {(pad.h + 2) / 2 * 2, (pad.w + 2) / 2 * 2};
  }

  std::vector<ScratchBuffer> scratch(const KernelSpec& spec) const override {
    const WinogradBuffers all = winograd_buffers(spec);
    std::vector<ScratchBuffer> buffers;
    for (const ScratchBuffer& one : {all.transformed, all.weights, all.products, all.phases, all.unpooled}) {
      if (!one.axes.empty()) buffers.push_back(one);
    }
    buffers.insert(buffers.end(), convolution_of(spec).projected.size(), all.projection);
    return buffers;
  }

  int64_t multiply_adds(const KernelSpec& spec, int64_t) const override {
    const Convolution c = convolution_of(spec);
    const WinogradForm form = *winograd_form(c.attributes, c.in.channels);
    const Winograd& by = *winograd(form, std::get<WinogradSchedule>(spec.schedule).output);
    const int64_t tiles = ceil_div(c.out.height, by.output) * ceil_div(c.out.width, by.output);
    return by.products() * by.products() * tiles * form.summed * c.out.channels + c.out.elements() * projected_channels(c);
  }

  std::vector<AlgorithmChoice> choices(const Convolution& c, const Machine&, int64_t largest_tile) const override {
    const std::optional<WinogradForm> form = form_of(c);
    if (!form) return {};
    std::vector<AlgorithmChoice> found;
    for (int64_t output : {2, 4}) {
      if (output > largest_tile || winograd(*form, output) == nullptr || !row_fits(c, *form, *winograd(*form, output))) continue;
      for (bool packed : {true, false}) {
        if (packed || !form->phases) found.push_back({this, output, packed});
      }
    }
    return found;
  }

  AlgorithmChoice choice_of(const Schedule& schedule) const override {
    const auto& s = std::get<WinogradSchedule>(schedule);
    return {this, s.output, s.depth == 0};
  }

  bool within(const AlgorithmChoice& choice, int64_t largest_tile) const override { return choice.output <= largest_tile; }

  ElementType packed_type(const Convolution& c, const AlgorithmChoice& choice) const override {
    return choice.packed ? ElementType::f32 : c.weight;
  }

  double packed_elements(const Convolution& c, const AlgorithmChoice& choice) const override {
    if (!choice.packed) return checkpoint_elements(c);
    const WinogradForm form = *winograd_form(c.attributes, c.in.channels);
    return transformed_elements(form, *winograd(form, choice.output), c.out) + static_cast<double>(projected_channels(c) * c.out.channels);
  }

  double work(const Convolution& c, const AlgorithmChoice& choice, const Machine& machine) const override {
    constexpr double transformed_efficiency = 0.89;
    // Inputs and products of the sums go through the caches. Where nothing of that passes behind the sums, it takes this part of their
    // time.
    constexpr double through_caches = 0.5;
    // If the weights are transformed in each run, so do the sums, once for each depth. An element takes as long as this many multiply-adds.
    constexpr double sum_through_caches = 11;
    constexpr int64_t typical_vectors = 2;
    const WinogradForm form = *winograd_form(c.attributes, c.in.channels);
    const Winograd& by = *winograd(form, choice.output);
    const WinogradWork work = transform_work(form, by, c.out);
    const double once =
        work.products * (1 / transformed_efficiency + through_caches * (1 - machine.hidden)) + work.input + work.output + projections(c);
    if (choice.packed) return once;
    const int64_t steps = form.channels / choose_depth(form, by, machine, typical_vectors);
    const double sums = work.products / static_cast<double>(form.summed) * static_cast<double>(steps);
    return once + work.weights + sums * sum_through_caches * (1 - machine.hidden);
  }

  /// A kernel may end with a pool if each window lies within the tiles of a task.
  bool pools(const AlgorithmChoice& choice, const TensorType& computed, const OpAttributes& pool) const override {
    return pool.kernel.h <= rounded(computed.height, choice.output);
  }

  ScheduleChoice choose(const Situation& situation, const AlgorithmChoice& choice) const override {
    const Case one = case_of(situation.spec, choice);
    const WinogradPlan plan = rank_plans(one, situation).front();
    const RegisterFile file = registers_of(situation.target, situation.machine);
    return {make_schedule(one, situation.machine, plan),
            fmt::format("Winograd's transforms with tiles of {0}x{0} results, {1} x {2} tiles in registers, weights transformed {3}; "
                        "{4} tasks",
                        choice.output, plan.vectors * lanes, to_string(plan.tiles), choice.packed ? "when they are packed" : "in each run",
                        plan.tasks),
            {(plan.work + projections(convolution_of(situation.spec))) / peak(situation.machine, file),
             limit_of(situation.machine, file, summed(one, plan.vectors, plan.tiles))}};
  }

  std::vector<Schedule> candidates(const Situation& situation, const AlgorithmChoice& choice) const override {
    const Case one = case_of(situation.spec, choice);
    std::vector<WinogradSchedule> found =
        varied(rank_plans(one, situation), 10, [&](const WinogradPlan& plan) { return make_schedule(one, situation.machine, plan); });
    if (!choice.packed && found.front().depth % (2 * lanes) == 0) {
      found.push_back(found.front());
      found.back().depth /= 2;
    }
    return {found.begin(), found.end()};
  }
};

}  // namespace

const Implementation& implementation_of(const WinogradSchedule&) {
  static const Transforms transforms;
  return transforms;
}

bool can_be_winograd(const KernelSpec& spec) {
  if (spec.kind != KernelKind::conv2d || !spec.in.type.is_picture()) return false;
  if (!form_of(convolution_of(spec))) return false;
  const Extent2 halo = implementation_of(WinogradSchedule{}).halo(spec.attributes, spec.in.type.channels);
  return spec.in.halo.h >= halo.h && spec.in.halo.w >= halo.w;
}

bool keeps_all_products(const KernelSpec& spec) {
  const WinogradForm form = *winograd_form(spec.attributes, spec.in.type.channels);
  const int64_t depth = std::get<WinogradSchedule>(spec.schedule).depth;
  // The weights of phases are few, so they stay in the second-level cache.
  return depth == 0 ? !form.phases : depth < form.channels;
}

int64_t pooled_rows(const KernelSpec& spec) {
  const OpAttributes& pool = *spec.pool;
  const WinogradSchedule& s = std::get<WinogradSchedule>(spec.schedule);
  return std::max<int64_t>(s.rows * s.output - pool.kernel.h, 0) / pool.stride.h + 1;
}

WinogradBuffers winograd_buffers(const KernelSpec& spec) {
  const WinogradSchedule& s = std::get<WinogradSchedule>(spec.schedule);
  const WinogradForm form = *winograd_form(spec.attributes, spec.in.type.channels);
  const Winograd& by = *winograd(form, s.output);
  const TensorType type = computed_type(spec);
  const int64_t tiles_of_row = ceil_div(type.width, s.output), tiles = std::min(s.tiles.w, tiles_of_row);
  const int64_t across = rounded(tiles_of_row, tiles);
  const int64_t down = rounded(s.rows > 0 ? s.rows : ceil_div(type.height, s.output), s.tiles.h);
  const int64_t channels = divisor_at_most(channel_blocks(spec), s.vectors) * lanes;
  const int64_t elements = by.products() * by.products();
  const auto window = [&](int64_t count) { return count * s.output + by.window; };
  WinogradBuffers all;
  // Without the spare tile, elements of the transform would lie a multiple of a large power of two bytes apart and share sets of the cache.
  all.transformed = {"transformed", {{"ci", form.channels}, {"tx", across, 1}, {"ty", down}, {"e", elements}}};
  if (s.depth != 0) {
    // The spare input channel serves the same purpose.
    all.weights = {"weights", {{"c", channels}, {"ci", lanes, 1}, {"cb", s.depth / lanes}, {"e", by.weights() * by.weights()}}, 0};
  }
  if (keeps_all_products(spec)) {
    all.products = {"products", {{"c", channels}, {"tx", across, 1}, {"ty", down}, {"e", elements}}, 0};
  } else {
    all.products = {"products", {{"c", channels}, {"tx", tiles}, {"ty", s.tiles.h}, {"e", elements}}, 0};
  }
  if (form.phases) all.phases = {"phases", {{"ci", form.channels}, {"x", window(across)}, {"ty", window(down)}}, 0};
  if (spec.pool) {
    all.unpooled = {"result", {{"c", channels}, {"x", type.width, across * s.output - type.width}, {"y", down * s.output}}, 0};
  }
  all.projection = {"row", {{"c", channels}, {"x", across * s.output}, {"y", s.tiles.h * s.output}}};
  return all;
}

}  // namespace resnetc::program
