/// \file Schedules of pools: each thread sums or compares in registers.
#include "codegen/cuda/kernels_internal.h"

namespace resnetc::codegen::cuda {

namespace {

void build_window(const program::KernelSpec& spec, const Axes& axes, const Window& pool, const Operands& operands, Built& built) {
  Func out = pool.out, reduction = pool.reduction;
  const ThreadLoops loops = share_pixels(spec, out, axes);
  reduction.compute_at(out, loops.thread).store_in(Halide::MemoryType::Register).unroll(axes.x).unroll(axes.y);
  widen(threads_of(spec), reduction, axes.c);
  Halide::Stage update = reduction.update();
  update.reorder(axes.c, axes.x, axes.y, pool.r.x, pool.r.y).unroll(axes.x).unroll(axes.y);
  widen(threads_of(spec), update, axes.c);
  finish(out, operands, built);
}

}  // namespace

void build_max_pool(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  const Window pool = define_max_pool(spec, axes, operands);
  build_window(spec, axes, pool, operands, built);
}

void build_avg_pool(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  const Window pool = define_avg_pool(spec, axes, operands);
  build_window(spec, axes, pool, operands, built);
}

void build_global_pool(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  GlobalPool pool = define_global_pool(spec, axes, operands);
  const ThreadLoops loops = share_pixels(spec, pool.out, axes);
  const auto in_registers = [&](Func& f) {
    f.store_in(Halide::MemoryType::Register);
    widen(threads_of(spec), f, axes.c);
  };
  pool.whole.compute_at(pool.out, loops.thread);
  in_registers(pool.whole);
  pool.whole.update().reorder(axes.c, pool.ry);
  widen(threads_of(spec), pool.whole.update(), axes.c);
  pool.of_row.compute_at(pool.whole, pool.ry);
  in_registers(pool.of_row);
  pool.of_row.update().reorder(axes.c, pool.row, pool.rx);
  widen(threads_of(spec), pool.of_row.update(), axes.c);
  finish(pool.out, operands, built);
}

}  // namespace resnetc::codegen::cuda
