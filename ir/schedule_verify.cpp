/// \file Which schedules a kernel can have.
#include <fmt/format.h>

#include "ir/program.h"
#include "ir/winograd.h"

namespace resnetc::program {

namespace {

using Fault = std::optional<std::string>;

Fault scratch_fault(const KernelSpec& spec) {
  if (scratch_bytes(spec) <= max_scratch_bytes) return std::nullopt;
  return fmt::format("its tasks need more than {} bytes each", max_scratch_bytes);
}

/// Of register tiles and tasks, where there are `down` rows of tiles.
Fault tiles_fault(const Schedule& s, int64_t down) {
  const Extent2 t = s.tiles;
  if (t.h < 1 || t.w < 1 || t.h > max_tile || t.w > max_tile || s.vectors * t.h * t.w > max_tile) {
    return fmt::format("a register tile of {} vectors by {} tiles is out of range: their product is 1 to {}", s.vectors, to_string(t),
                       max_tile);
  }
  if (s.rows % t.h != 0) return fmt::format("tasks of {} rows of tiles are no multiple of a register tile's {}", s.rows, t.h);
  if (s.rows >= down + t.h) return fmt::format("tasks of {} rows of tiles, of which there are {}", s.rows, down);
  if (s.parts < 1 || s.parts > max_elements)
    return fmt::format("{} parts of its channels are out of range: 1 to {}", s.parts, max_elements);
  return std::nullopt;
}

Fault winograd_fault(const KernelSpec& spec) {
  const Schedule& s = spec.schedule;
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
  if (Fault fault = tiles_fault(s, (computed_type(spec).height + s.output - 1) / s.output)) return fault;
  return scratch_fault(spec);
}

Fault strassen_fault(const KernelSpec& spec) {
  const Schedule& s = spec.schedule;
  if (!can_be_strassen(spec)) return "it is no 1x1 convolution whose channels have whole halves";
  if (Fault fault = tiles_fault(s, spec.out.type.height)) return fault;
  return scratch_fault(spec);
}

Fault threads_fault(const KernelSpec& spec) {
  const Schedule& s = spec.schedule;
  const Extent2 t = s.tiles, b = s.block;
  if (s.flat && !has_one_axis(spec)) return "only a 1x1 convolution whose pixels lie along one axis can be flat";
  if (s.channels < 1 || s.channels > max_thread_channels || t.h < 1 || t.w < 1 || t.h > max_thread_tile || t.w > max_thread_tile ||
      s.channels * t.h * t.w > max_thread_tile) {
    return fmt::format("channels={} and tiles={} are out of range: channels are 1 to {}, and a thread makes 1 to {} elements", s.channels,
                       to_string(t), max_thread_channels, max_thread_tile);
  }
  if (b.h < 1 || b.w < 1 || b.h > max_block || b.w > max_block || b.h * b.w > max_block) {
    return fmt::format("block={} is out of range: a block has 1 to {} threads", to_string(b), max_block);
  }
  const bool store = spec.kind == KernelKind::store;
  const TensorType& type = store ? spec.in.type : spec.out.type;
  const bool turned = store && type.rank == 4;
  const int64_t channels = store ? (turned ? type.width : type.channels) : spec.out.channel_stride;
  const std::string_view unit = turned ? "columns" : "channels";
  if (channels % s.channels != 0) return fmt::format("channels={} does not divide its {} {}", s.channels, channels, unit);
  const int64_t width = turned ? type.channels : s.flat ? type.pixels() : type.width, height = s.flat ? 1 : type.height;
  if (t.w > width || t.h > height) {
    return fmt::format("tiles={} are larger than what is shared in tiles, {}x{}", to_string(t), height, width);
  }
  if (b.w > channels / s.channels) {
    return fmt::format("{} threads side by side with channels={} would have {} {}, of which there are {}", b.w, s.channels,
                       b.w * s.channels, unit, channels);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> schedule_fault(const KernelSpec& spec) {
  const Schedule& s = spec.schedule;
  if (s.algorithm == Algorithm::threads) return spec.pool ? "a GPU's kernel cannot pool what it computes" : threads_fault(spec);
  const Algorithm wanted = spec.kind == KernelKind::conv2d ? Algorithm::direct : Algorithm::general;
  const bool transformed = s.algorithm == Algorithm::winograd && spec.kind == KernelKind::conv2d;
  const bool halved = s.algorithm == Algorithm::strassen && spec.kind == KernelKind::conv2d;
  if (s.algorithm != wanted && !transformed && !halved) {
    return fmt::format("a {} cannot be computed by '{}'", to_string(spec.kind), to_string(s.algorithm));
  }
  if (s.vectors < 1 || s.vectors > max_tile_vectors || s.pixels < 1 || s.pixels > max_tile || s.vectors * s.pixels > max_tile) {
    return fmt::format("a tile of {} vectors by {} pixels is out of range: vectors are 1 to {}, their product with pixels 1 to {}",
                       s.vectors, s.pixels, max_tile_vectors, max_tile);
  }
  if (s.rows < 0 || s.rows > max_elements) return fmt::format("tasks of {} rows are out of range: 0 to {}", s.rows, max_elements);
  if (spec.pool && (!transformed || s.parts != 1 || s.output <= 0 || s.output * s.rows < spec.pool->kernel.h)) {
    return "only a Winograd kernel can pool what it computes, in tasks that hold a whole window";
  }
  if (s.flat && s.algorithm != Algorithm::direct) return "only direct sums can be flat";
  if (halved) return strassen_fault(spec);
  return transformed ? winograd_fault(spec) : scratch_fault(spec);
}

}  // namespace resnetc::program
