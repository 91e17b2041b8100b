/// \file The record of Strassen's products: their conditions, scratch memory and cost, and their register tiles and tasks.
#include "ir/algorithms/strassen.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/algorithms/implementation.h"
#include "ir/algorithms/machine_model.h"
#include "ir/strassen.h"

namespace resnetc::program {

namespace {

/// The cost of combining, for each pixel and each channel of the input and of the result, in multiply-adds of one lane or work that takes
/// as long. All seven vectors for each pair go through the caches. The numbers are fitted to the 1x1 convolutions of ResNet-50 on Zen 5
/// (docs/decisions/0012).
constexpr double combining_input = 16, combining_products = 10;

/// Whether the products can be formed: the convolution must read each pixel, and all channels must form whole halves.
bool has_whole_halves(const Convolution& c) {
  return !sums_integers(c) && is_pointwise(c.attributes) && c.attributes.groups == 1 && strassen::has_halves(c.in.channels) &&
         strassen::has_halves(whole_vectors(c.out.channels)) && std::all_of(c.projected.begin(), c.projected.end(), strassen::has_halves);
}

/// The cost of the products, in multiply-adds of one lane or work that takes as long.
struct StrassenWork {
  double products = 0;
  double input = 0;   ///< combining the halves of the input, and of the tensors that projections read
  double output = 0;  ///< combining the products
};

StrassenWork products_work(const Convolution& c) {
  const auto pixels = static_cast<double>(2 * ceil_div(c.out.width, 2) * c.out.height),
             ci = static_cast<double>(c.in.channels + projected_channels(c));
  const auto co = static_cast<double>(whole_vectors(c.out.channels));
  return {pixels * ci * co * strassen::products / 8, pixels * ci * combining_input, pixels * co * combining_products};
}

double weights_of(const Convolution& c) {
  return static_cast<double>(strassen::weights(c.in.channels + projected_channels(c), whole_vectors(c.out.channels)));
}

/// Bytes of combined halves that a task may hold in the second-level cache, beside the weights of a group of channels.
int64_t most_halves(const Machine& machine) { return task_bytes(machine) * 45 / 64; }

/// The bytes of the combined halves of one row of pixels, for all products. The products gain nothing unless these bytes stay in the
/// second-level cache.
int64_t row_of_halves(const Convolution& c) {
  return bytes_of(c.in.element, strassen::products * ceil_div(c.out.width, 2) * (c.in.channels + projected_channels(c)) / 2);
}

/// A register tile and its tasks.
struct StrassenPlan {
  StrassenSchedule schedule;
  int64_t tasks = 1;
  double work = 0;  ///< time of one thread, in multiply-adds
  double cost = 0;  ///< proportional to the time of the slower of two threads
};

/// Adds the plans for all divisions into tasks with one register tile. Each block of rows reads the weights again, and each part of the
/// output channels combines its input.
void add_plans(const Convolution& c, const Machine& machine, int64_t groups, double tile_efficiency, StrassenPlan plan,
               std::vector<StrassenPlan>& plans) {
  const StrassenWork work = products_work(c);
  StrassenSchedule& s = plan.schedule;
  // From the third-level cache; half of the time is hidden, because most weights are fetched in time.
  const double multiply_adds_a_byte = 0.5 * machine.multiply_adds_a_second() / machine.third.bytes_a_second;
  // Threads that divide the channels read what the other thread wrote; threads that divide the rows mostly read their own rows. Parts of
  // 256 to 1024 channels took 3 % longer than rows with a smaller tile, which the model expects to be 2 % slower.
  constexpr double others_rows = 1.05;
  const double weight_bytes = static_cast<double>(bytes_of(c.in.element)) * weights_of(c);
  const int64_t down = c.out.height;
  for (s.rows = s.tiles.h; s.rows < down + s.tiles.h; s.rows += s.tiles.h) {
    // One row is always allowed, because a tuned schedule may be for rows that the model would not choose.
    if (s.rows > 1 && s.rows * row_of_halves(c) > most_halves(machine)) break;
    const int64_t row_blocks = ceil_div(down, s.rows);
    const double computed = static_cast<double>(row_blocks * s.rows) / static_cast<double>(down);
    for (s.parts = 1; s.parts <= std::min<int64_t>(groups, 4); ++s.parts) {
      const double uneven = static_cast<double>(ceil_div(groups, s.parts) * s.parts) / static_cast<double>(groups);
      const double all = computed * uneven * (work.products / tile_efficiency + work.output + work.input * static_cast<double>(s.parts)) +
                         static_cast<double>(row_blocks) * multiply_adds_a_byte * weight_bytes;
      plan.tasks = row_blocks * s.parts;
      // Among equal costs, prefer more tasks, because there may be more than two threads.
      const double even = static_cast<double>(ceil_div(plan.tasks, 2) * 2) / static_cast<double>(plan.tasks);
      plan.work = all;
      plan.cost = all * even * (s.parts > 1 ? others_rows : 1) * (1 + 0.02 / static_cast<double>(plan.tasks));
      plans.push_back(plan);
    }
  }
}

/// The sums of products of a register tile of `vectors` by `tiles`.
SummedTile summed(const Convolution& c, int64_t vectors, Extent2 tiles) {
  const int64_t count = tiles.h * tiles.w;
  return {vectors, count, c.in.channels / 2, count, bytes_of(c.in.element, lanes)};
}

/// All plans, the cheapest first.
std::vector<StrassenPlan> rank_plans(const Situation& situation) {
  const Convolution c = convolution_of(situation.spec);
  const Tensor& out = situation.spec.out;
  const Machine& machine = situation.machine;
  const RegisterFile file = registers_of(situation.target, situation.machine);
  const int64_t across = ceil_div(c.out.width, 2), down = c.out.height, blocks = out.stored_channels() / (2 * lanes);
  std::vector<StrassenPlan> plans;
  each_register_tile(file, blocks, {down, across}, [&](int64_t vectors, Extent2 tiles) {
    StrassenPlan plan;
    plan.schedule.vectors = vectors;
    plan.schedule.tiles = tiles;
    const double useful = static_cast<double>(across) / static_cast<double>(rounded(across, tiles.w));
    const double reached = efficiency(machine, file, summed(c, vectors, tiles));
    add_plans(c, machine, blocks / vectors, reached * useful, plan, plans);
  });
  return ranked(plans, [](const StrassenPlan& plan) { return plan.cost; });
}

class Products final : public Implementation {
 public:
  std::string_view algorithm(KernelKind) const override { return StrassenSchedule::name; }
  bool applies(const KernelSpec& spec) const override { return can_be_strassen(spec); }

  Fault fault(const KernelSpec& spec) const override {
    const StrassenSchedule& s = std::get<StrassenSchedule>(spec.schedule);
    if (Fault fault = tile_fault(s.vectors, 1)) return fault;
    if (Fault fault = pool_fault(spec)) return fault;
    if (!can_be_strassen(spec)) return "it is no 1x1 convolution whose channels have whole halves";
    return tiles_fault(spec, s.vectors, s.tiles, s.rows, spec.out.type.height, s.parts);
  }

  Packing weight_packing(const OpAttributes&, int64_t, const Schedule&) const override { return {.kind = RecipeKind::pack_strassen}; }
  Packing projection_packing(const Schedule&) const override { return {.kind = RecipeKind::pack_strassen}; }

  std::vector<ScratchBuffer> scratch(const KernelSpec& spec) const override {
    std::vector<ScratchBuffer> buffers{strassen_products(spec), combined_halves(spec, "in", spec.in.type.channels)};
    for (int64_t channels : convolution_of(spec).projected) buffers.push_back(combined_halves(spec, "projected", channels));
    return buffers;
  }

  int64_t multiply_adds(const KernelSpec& spec, int64_t) const override {
    const Convolution c = convolution_of(spec);
    const int64_t channels = c.in.channels + projected_channels(c);
    return strassen::products * ((c.out.width + 1) / 2) * c.out.height * (channels / 2) * (whole_vectors(c.out.channels) / 2);
  }

  /// Offers the products if they apply and may gain: the conditions of can_be_strassen() hold, and a row of pixels stays in the
  /// second-level cache.
  std::vector<AlgorithmChoice> choices(const Convolution& c, const Machine& machine, int64_t largest_tile) const override {
    if (!has_whole_halves(c) || row_of_halves(c) > most_halves(machine) || largest_tile <= 0) return {};
    return {{this}};
  }

  bool within(const AlgorithmChoice&, int64_t largest_tile) const override { return largest_tile > 0; }
  double packed_elements(const Convolution& c, const AlgorithmChoice&) const override { return weights_of(c); }

  double work(const Convolution& c, const AlgorithmChoice&, const Machine& machine) const override {
    constexpr double efficiency = 0.95;
    constexpr int64_t typical_vectors = 2;
    // A tile of pairs has half the pixels of a tile of direct sums, so it waits longer for weights that do not stay in the first-level
    // cache.
    constexpr double waiting = 0.25;
    const bool streamed = is_streamed(machine, typical_vectors, c.in.channels / 2);
    const StrassenWork work = products_work(c);
    // Each block of rows after the first reads the weights again, from the third-level cache.
    const int64_t rows = std::clamp<int64_t>(most_halves(machine) / row_of_halves(c), 1, c.out.height);
    const auto again = static_cast<double>(ceil_div(c.out.height, rows) - 1) * static_cast<double>(bytes_of(c.in.element)) * weights_of(c);
    const double reading = again * machine.multiply_adds_a_second() / machine.third.bytes_a_second * (1 - machine.hidden);
    return reading + work.products * (1 / efficiency + (streamed ? waiting * (1 - machine.hidden) : 0)) + work.input + work.output;
  }

  ScheduleChoice choose(const Situation& situation, const AlgorithmChoice&) const override {
    const StrassenPlan plan = rank_plans(situation).front();
    const StrassenSchedule& s = plan.schedule;
    const RegisterFile file = registers_of(situation.target, situation.machine);
    return {s,
            fmt::format("Strassen's products of halves, {} channels x {} pairs of pixels in registers; {} tasks", s.vectors * lanes,
                        to_string(s.tiles), plan.tasks),
            {plan.work / peak(situation.machine, file),
             limit_of(situation.machine, file, summed(convolution_of(situation.spec), s.vectors, s.tiles))}};
  }

  std::vector<Schedule> candidates(const Situation& situation, const AlgorithmChoice&) const override {
    const std::vector<StrassenPlan> plans = rank_plans(situation);
    const auto found = varied(plans, 6, [](const StrassenPlan& plan) { return plan.schedule; });
    return {found.begin(), found.end()};
  }
};

}  // namespace

const Implementation& implementation_of(const StrassenSchedule&) {
  static const Products products;
  return products;
}

bool can_be_strassen(const KernelSpec& spec) {
  return spec.kind == KernelKind::conv2d && spec.in.type.is_picture() && has_whole_halves(convolution_of(spec));
}

namespace {

/// The number of pairs of pixels of a register tile in a row.
int64_t tile_width(const KernelSpec& spec) {
  return std::min(std::get<StrassenSchedule>(spec.schedule).tiles.w, ceil_div(spec.out.type.width, 2));
}

}  // namespace

ScratchBuffer combined_halves(const KernelSpec& spec, std::string_view name, int64_t channels) {
  const StrassenSchedule& s = std::get<StrassenSchedule>(spec.schedule);
  const int64_t rows = rounded(s.rows > 0 ? s.rows : spec.out.type.height, s.tiles.h);
  const int64_t across = rounded(ceil_div(spec.out.type.width, 2), tile_width(spec));
  // Pixels lie an odd number of vectors apart, so that they do not share sets of the cache.
  return {std::string(name), {{"ci", channels / 2, lanes}, {"pair", across}, {"y", rows}, {"e", strassen::products}}};
}

ScratchBuffer strassen_products(const KernelSpec& spec) {
  const StrassenSchedule& s = std::get<StrassenSchedule>(spec.schedule);
  const int64_t vectors = divisor_at_most(ceil_div(spec.out.stored_channels(), 2 * lanes), s.vectors);
  return {"products", {{"c", vectors * lanes}, {"pair", tile_width(spec)}, {"y", s.tiles.h}, {"e", strassen::products}}};
}

}  // namespace resnetc::program
