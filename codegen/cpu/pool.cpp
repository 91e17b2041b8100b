/// \file Schedules of pools.
#include "codegen/cpu/kernels_internal.h"

namespace resnetc::codegen::cpu {

namespace {

/// Computes 16 channels of a pixel at a time.
void build_window(const program::KernelSpec& spec, const Window& pool, const Axes& axes, const Operands& operands, Built& built) {
  Func out = pool.out, reduction = pool.reduction;
  Var block("cb");
  schedule_vectors(spec, out, axes, block);
  reduction.compute_at(out, block).store_in(Halide::MemoryType::Stack).vectorize(axes.c, vector);
  auto update = reduction.update();
  update.reorder(axes.c, pool.r.x, pool.r.y).vectorize(axes.c, vector);
  const Extent2 kernel = spec.attributes.kernel;
  if (kernel.w <= 4) update.unroll(pool.r.x);
  if (kernel.w <= 4 && kernel.h <= 4) update.unroll(pool.r.y);
  reduction.never_partition_all();
  update.never_partition_all();
  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace

void build_max_pool(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands;
  const Window pool = define_max_pool(spec, axes, operands);
  build_window(spec, pool, axes, operands, built);
}

void build_avg_pool(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands;
  const Window pool = define_avg_pool(spec, axes, operands);
  build_window(spec, pool, axes, operands, built);
}

void build_global_pool(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands;
  GlobalPool pool = define_global_pool(spec, axes, operands);
  Func& out = pool.out;
  const int64_t channel_blocks = spec.out.stored_channels() / lanes;
  const int64_t together = channel_blocks % 4 == 0 ? 4 : channel_blocks % 2 == 0 ? 2 : 1;
  Var block("cb"), task("task");
  out.split(axes.c, block, axes.c, to_int(together * lanes), Halide::TailStrategy::RoundUp).reorder(axes.c, axes.x, axes.y, block, axes.n);
  out.vectorize(axes.c, vector).unroll(axes.c);
  const bool share_picture = rows_of(spec) > 0;
  if (share_picture) {
    out.fuse(block, axes.n, task).parallel(task);
  } else {
    out.parallel(axes.n);
  }
  out.never_partition_all();
  const Var& outer = share_picture ? task : block;
  const auto on_stack = [&](Func& f, Func& in, const auto& at) {
    f.compute_at(in, at).store_in(Halide::MemoryType::Stack).vectorize(axes.c, vector).unroll(axes.c);
  };
  on_stack(pool.whole, out, outer);
  pool.whole.update().reorder(axes.c, pool.ry).vectorize(axes.c, vector).unroll(axes.c);
  on_stack(pool.of_row, pool.whole, pool.ry);
  pool.of_row.update().reorder(axes.c, pool.row, pool.rx).vectorize(axes.c, vector).unroll(axes.c);
  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu
