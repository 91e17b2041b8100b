/// \file What implementations share, and questions to all of them.
#include "ir/algorithms/implementation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "ir/algorithms/machine_model.h"

namespace resnetc::program {

Convolution convolution_of(const KernelSpec& spec) {
  Convolution convolution{spec.in.type, computed_type(spec), spec.attributes, {}, spec.in.channel_stride == spec.in.type.channels};
  if (sums_integers(spec)) convolution.weight = ElementType::i8;
  for (const KernelSpec::StepSpec& step : spec.epilogue) {
    if (step.kind == graph::StepKind::project) convolution.projected.push_back(step.operand.type.channels);
  }
  return convolution;
}

bool sums_integers(const Convolution& c) { return c.in.element == ElementType::u8; }

int64_t projected_channels(const Convolution& c) { return std::accumulate(c.projected.begin(), c.projected.end(), int64_t{0}); }

double checkpoint_elements(const Convolution& c) {
  const OpAttributes& a = c.attributes;
  const int64_t per_group = c.in.channels / a.groups;
  return static_cast<double>(c.out.channels * (per_group * a.kernel.h * a.kernel.w + projected_channels(c)));
}

Packing Implementation::weight_packing(const OpAttributes& attributes, int64_t, const Schedule&) const {
  return {.kind = RecipeKind::pack_conv, .groups = attributes.groups};
}

Packing Implementation::projection_packing(const Schedule&) const { return {.kind = RecipeKind::pack_conv}; }

std::vector<Schedule> Implementation::candidates(const Situation& situation, const AlgorithmChoice& choice) const {
  return {choose(situation, choice).schedule};
}

std::span<const Implementation* const> all_implementations() {
  static const auto all = [] {
    std::array<const Implementation*, std::variant_size_v<Schedule>> found{};
    const auto schedules = default_schedules();
    std::transform(schedules.begin(), schedules.end(), found.begin(), [](const Schedule& s) { return &implementation_of(s); });
    return found;
  }();
  return all;
}

std::vector<AlgorithmChoice> all_choices(const Convolution& convolution, const Machine& machine, int64_t largest_tile) {
  std::vector<AlgorithmChoice> all;
  for (const Implementation* each : all_implementations()) {
    const std::vector<AlgorithmChoice> choices = each->choices(convolution, machine, largest_tile);
    all.insert(all.end(), choices.begin(), choices.end());
  }
  return all;
}

bool decides_layout(const OpAttributes& attributes, int64_t in_channels) {
  const auto other = [&](const Implementation* each) { return each->halo(attributes, in_channels) != attributes.pad.largest(); };
  return std::any_of(all_implementations().begin(), all_implementations().end(), other);
}

double packed_bytes(const Convolution& convolution, const AlgorithmChoice& choice) {
  return static_cast<double>(bytes_of(choice.by->packed_type(convolution, choice))) * choice.by->packed_elements(convolution, choice);
}

double checkpoint_bytes(const Convolution& convolution) {
  return static_cast<double>(bytes_of(convolution.weight)) * checkpoint_elements(convolution);
}

double weight_bytes_a_second(const Machine& machine, std::span<const Convolution> convolutions) {
  // The tensors have the rest of the second-level cache. The third is shared with other cores, so a small part of it is a program's: no
  // more than 'resnetc machine' reads to measure its speed, since virtual machines name the size of a whole socket's.
  constexpr double part_of_second = 0.75, part_of_third = 0.25, most_of_third = 32 << 20;
  double bytes = 0;
  for (const Convolution& c : convolutions) bytes += checkpoint_bytes(c);
  if (bytes <= part_of_second * static_cast<double>(machine.second.bytes)) return machine.second.bytes_a_second;
  if (bytes <= std::min(part_of_third * static_cast<double>(machine.third.bytes), most_of_third)) return machine.third.bytes_a_second;
  return machine.memory_bytes_a_second;
}

double expected_seconds(const Convolution& convolution, const AlgorithmChoice& choice, const Machine& machine,
                        double weight_bytes_a_second) {
  const double arithmetic = choice.by->work(convolution, choice, machine) / machine.multiply_adds_a_second();
  return overlapped(machine, arithmetic, packed_bytes(convolution, choice) / weight_bytes_a_second);
}

namespace {

/// With three digits that count: "1.36", "0.0123".
std::string milliseconds(double seconds) {
  constexpr int digits = 3, most_decimals = 9;
  const double ms = 1e3 * seconds;
  const int before = ms > 0 ? static_cast<int>(std::floor(std::log10(ms))) + 1 : 1;
  return fmt::format("{:.{}f}", ms, std::clamp(digits - before, 0, most_decimals));
}

}  // namespace

std::string expectation(const Convolution& convolution, const AlgorithmChoice& choice, const Machine& machine, const Limit& limit) {
  constexpr double clearly = 1.1;
  const double cold = overlapped(machine, limit.seconds, packed_bytes(convolution, choice) / machine.memory_bytes_a_second);
  std::string text = fmt::format("{} ms expected on a core of machine '{}'", milliseconds(limit.seconds), machine.name);
  if (!limit.what.empty()) text += fmt::format(", bound by {}", limit.what);
  if (cold > clearly * limit.seconds) text += fmt::format("; {} with its weights from memory", milliseconds(cold));
  return text;
}

Fault tile_fault(int64_t vectors, int64_t pixels) {
  if (vectors >= 1 && vectors <= max_tile_vectors && pixels >= 1 && pixels <= max_tile && vectors * pixels <= max_tile) return std::nullopt;
  return fmt::format("a tile of {} vectors by {} pixels is out of range: vectors are 1 to {}, their product with pixels 1 to {}", vectors,
                     pixels, max_tile_vectors, max_tile);
}

Fault rows_fault(int64_t rows, int64_t there, std::string_view unit) {
  if (rows >= 0 && rows <= there) return std::nullopt;
  return fmt::format("tasks of {} {} are out of range: 0 to {}", rows, unit, there);
}

int64_t channel_blocks(const KernelSpec& spec) { return ceil_div(spec.out.stored_channels(), lanes); }

Fault tiles_fault(const KernelSpec& spec, int64_t vectors, Extent2 tiles, int64_t rows, int64_t down, int64_t parts) {
  if (tiles.h < 1 || tiles.w < 1 || tiles.h > max_tile || tiles.w > max_tile || vectors * tiles.h * tiles.w > max_tile) {
    return fmt::format("a register tile of {} vectors by {} tiles is out of range: their product is 1 to {}", vectors, to_string(tiles),
                       max_tile);
  }
  if (rows % tiles.h != 0) return fmt::format("tasks of {} rows of tiles are no multiple of a register tile's {}", rows, tiles.h);
  if (Fault fault = rows_fault(rows, rounded(down, tiles.h), "rows of tiles")) return fault;
  if (parts >= 1 && parts <= channel_blocks(spec)) return std::nullopt;
  return fmt::format("{} parts of its channels are out of range: 1 to {}", parts, channel_blocks(spec));
}

Fault pool_fault(const KernelSpec& spec) {
  if (!spec.pool) return std::nullopt;
  return std::string(cannot_pool);
}

std::string_view algorithm_of(const Kernel& kernel) { return implementation_of(kernel.schedule).algorithm(kernel.kind); }

bool writes_once(const Program& program, const Kernel& kernel) {
  return kernel.out == none || implementation_of(kernel.schedule).writes_once(spec_of(program, kernel));
}

std::optional<std::string> schedule_fault(const KernelSpec& spec) {
  const Implementation& by = implementation_of(spec.schedule);
  if (!by.computes(spec.kind)) return fmt::format("a {} cannot be computed by '{}'", to_string(spec.kind), name_of(spec.schedule));
  if (Fault fault = by.fault(spec)) return fault;
  if (scratch_bytes(spec) <= max_scratch_bytes) return std::nullopt;
  return fmt::format("its tasks need more than {} bytes each", max_scratch_bytes);
}

int64_t scratch_bytes(const KernelSpec& spec) {
  int64_t bytes = 0;
  for (const ScratchBuffer& buffer : implementation_of(spec.schedule).scratch(spec)) bytes += buffer.bytes() + buffer.more;
  return bytes;
}

}  // namespace resnetc::program
