/// \file Passes a spec to the builder of its kind, and divides work into blocks and threads.
#include "codegen/cuda/build_kernel.h"

#include <fmt/format.h>

#include "codegen/cuda/kernels_internal.h"

namespace resnetc::codegen::cuda {

using program::KernelKind;

ThreadLoops share_between_threads(const program::ThreadSchedule& schedule, Func& out, const Axes& axes, int64_t channels, int64_t width,
                                  int64_t height) {
  using Halide::TailStrategy;
  ThreadLoops loops;
  Var groups("groups"), group("group"), column("tile_x"), row("tile_y"), tiles("tiles"), tile("tile"), block("block");
  const int64_t threads_across = channels / schedule.channels;
  out.split(axes.c, group, loops.channel, to_int(schedule.channels), TailStrategy::RoundUp);
  out.split(group, groups, loops.thread, to_int(schedule.block.w), guard_unless(threads_across % schedule.block.w == 0));
  out.split(axes.x, column, loops.column, to_int(schedule.tiles.w), shift_unless(width % schedule.tiles.w == 0));
  out.split(axes.y, row, loops.row, to_int(schedule.tiles.h), shift_unless(height % schedule.tiles.h == 0));
  const int64_t all = program::ceil_div(width, schedule.tiles.w) * program::ceil_div(height, schedule.tiles.h);
  out.fuse(column, row, tiles).split(tiles, tiles, tile, to_int(schedule.block.h), guard_unless(all % schedule.block.h == 0));
  // Pictures are in the first dimension of the grid, because only that dimension may be larger than 65535.
  out.fuse(tiles, axes.n, block);
  out.reorder(loops.channel, loops.column, loops.row, loops.thread, tile, block, groups);
  out.gpu_blocks(block, groups).gpu_threads(loops.thread, tile);
  out.unroll(loops.column).unroll(loops.row).never_partition_all();
  widen(schedule, out, loops.channel);
  return loops;
}

ThreadLoops share_pixels(const program::KernelSpec& spec, Func& out, const Axes& axes) {
  if (spec.out.aligned()) out.output_buffer().set_host_alignment(gpu_alignment);
  return share_between_threads(threads_of(spec), out, axes, spec.out.stored_channels(), spec.out.type.width, spec.out.type.height);
}

void widen(const program::ThreadSchedule& schedule, Halide::Stage stage, const Var& channel) {
  if (schedule.channels == 2 || schedule.channels == 4) {
    stage.vectorize(channel);
  } else {
    stage.unroll(channel);
  }
}

void finish(const Func& out, const Operands& operands, Built& built) {
  built.output = out;
  built.arguments = operands.arguments;
}

Result<> build_kernel(const program::KernelSpec& spec, Built& built) {
  if (!std::holds_alternative<program::ThreadSchedule>(spec.schedule)) return Failure{"a GPU's kernel has no schedule of threads"};
  switch (spec.kind) {
    case KernelKind::load: build_load(spec, built); break;
    case KernelKind::store: build_store(spec, built); break;
    case KernelKind::conv2d: build_conv2d(spec, built); break;
    case KernelKind::max_pool: build_max_pool(spec, built); break;
    case KernelKind::avg_pool: build_avg_pool(spec, built); break;
    case KernelKind::global_avg_pool:
    case KernelKind::global_max_pool:
    case KernelKind::global_l2_pool: build_global_pool(spec, built); break;
    case KernelKind::copy: build_copy(spec, built); break;
    case KernelKind::softmax: build_softmax(spec, built); break;
    case KernelKind::flatten:
    case KernelKind::upsample:
    case KernelKind::pixel_shuffle:
    case KernelKind::unflatten:
    case KernelKind::join_rows:
    case KernelKind::transpose:
    case KernelKind::pad:
    case KernelKind::pixel_unshuffle:
    case KernelKind::channel_shuffle: build_rearrangement(spec, built); break;
    case KernelKind::rms_norm:
    case KernelKind::mean_norm:
    case KernelKind::layer_norm:
    case KernelKind::group_norm: return Failure{fmt::format("there is no {} for GPUs", to_string(spec.kind)), Blame::bug};
  }
  return {};
}

}  // namespace resnetc::codegen::cuda
