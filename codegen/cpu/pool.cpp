/// \file Pooling. Windows are clipped by clamping coordinates, so these kernels read no halo.
#include "codegen/cpu/arithmetic.h"
#include "codegen/cpu/epilogue.h"
#include "codegen/cpu/kernels_internal.h"

namespace resnetc::codegen::cpu {

namespace {

/// The schedule of a window's reduction and of the output around it: 16 channels of a pixel at a time.
void schedule_window(const program::KernelSpec& spec, Func& out, Func& reduction, const RDom& r, const Axes& axes) {
  Var block("cb");
  const int vector = to_int(lanes);
  schedule_vectors(spec, out, axes, block);
  reduction.compute_at(out, block).store_in(Halide::MemoryType::Stack).vectorize(axes.c, vector);
  auto update = reduction.update();
  update.reorder(axes.c, r.x, r.y).vectorize(axes.c, vector);
  const Extent2 kernel = spec.attributes.kernel;
  if (kernel.w <= 4) update.unroll(r.x);
  if (kernel.w <= 4 && kernel.h <= 4) update.unroll(r.y);
  reduction.never_partition_all();
  update.never_partition_all();
}

}  // namespace

void build_max_pool(const program::KernelSpec& spec, Built& built) {
  const OpAttributes& a = spec.attributes;
  Axes axes;
  Operands operands;
  const Halide::ImageParam in = operands.tensor("in", spec.in);
  RDom r(0, to_int(a.kernel.w), 0, to_int(a.kernel.h), "r");
  const Expr x = axes.x * to_int(a.stride.w) - to_int(a.pad.w);
  const Expr y = axes.y * to_int(a.stride.h) - to_int(a.pad.h);
  const int right = to_int(spec.in.type.width - 1), bottom = to_int(spec.in.type.height - 1);
  // A clamped coordinate repeats an element of the same window, so it cannot change the maximum.
  auto at = [&](const Expr& column, const Expr& row) {
    return in(axes.c, Halide::clamp(x + column, 0, right), Halide::clamp(y + row, 0, bottom), axes.n);
  };
  Func largest("largest"), out("out");
  largest(axes.c, axes.x, axes.y, axes.n) = at(0, 0);
  largest(axes.c, axes.x, axes.y, axes.n) = max_keeping_nan(largest(axes.c, axes.x, axes.y, axes.n), at(r.x, r.y));
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, largest(axes.c, axes.x, axes.y, axes.n), axes, operands);
  set_output(out, axes, spec.out, false);
  schedule_window(spec, out, largest, r, axes);
  built.output = out;
  built.arguments = operands.arguments;
}

void build_avg_pool(const program::KernelSpec& spec, Built& built) {
  const OpAttributes& a = spec.attributes;
  Axes axes;
  Operands operands;
  const Halide::ImageParam in = operands.tensor("in", spec.in);
  RDom r(0, to_int(a.kernel.w), 0, to_int(a.kernel.h), "r");
  const Expr x = axes.x * to_int(a.stride.w) - to_int(a.pad.w) + r.x;
  const Expr y = axes.y * to_int(a.stride.h) - to_int(a.pad.h) + r.y;
  const int width = to_int(spec.in.type.width), height = to_int(spec.in.type.height);
  Expr element = in(axes.c, Halide::clamp(x, 0, width - 1), Halide::clamp(y, 0, height - 1), axes.n);
  if (a.pad != Extent2{0, 0}) element = Halide::select(x >= 0 && x < width && y >= 0 && y < height, element, 0.0f);
  Func sum("sum"), out("out");
  sum(axes.c, axes.x, axes.y, axes.n) = 0.0f;
  sum(axes.c, axes.x, axes.y, axes.n) += element;
  const float share = 1.0f / static_cast<float>(a.kernel.h * a.kernel.w);
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, sum(axes.c, axes.x, axes.y, axes.n) * share, axes, operands);
  set_output(out, axes, spec.out, false);
  schedule_window(spec, out, sum, r, axes);
  built.output = out;
  built.arguments = operands.arguments;
}

void build_global_avg_pool(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands;
  const Halide::ImageParam in = operands.tensor("in", spec.in);
  RDom rx(0, to_int(spec.in.type.width), "rx"), ry(0, to_int(spec.in.type.height), "ry");
  // Row by row: the rounding error then grows with height + width, not with their product.
  Var row("row");
  Func row_sum("row_sum"), sum("sum"), out("out");
  row_sum(axes.c, row, axes.n) = 0.0f;
  row_sum(axes.c, row, axes.n) += in(axes.c, rx, row, axes.n);
  sum(axes.c, axes.n) = 0.0f;
  sum(axes.c, axes.n) += row_sum(axes.c, ry, axes.n);
  const float share = 1.0f / static_cast<float>(spec.in.type.pixels());
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, sum(axes.c, axes.n) * share, axes, operands);
  set_output(out, axes, spec.out, false);

  const int64_t channel_blocks = spec.out.channel_stride / lanes;
  const int64_t together = channel_blocks % 4 == 0 ? 4 : channel_blocks % 2 == 0 ? 2 : 1;
  const int vector = to_int(lanes);
  Var block("cb"), task("task");
  out.split(axes.c, block, axes.c, to_int(together * lanes), Halide::TailStrategy::RoundUp).reorder(axes.c, axes.x, axes.y, block, axes.n);
  out.vectorize(axes.c, vector).unroll(axes.c);
  const bool share_picture = spec.schedule.rows > 0;
  if (share_picture) {
    out.fuse(block, axes.n, task).parallel(task);
  } else {
    out.parallel(axes.n);
  }
  out.never_partition_all();
  const Var& outer = share_picture ? task : block;
  sum.compute_at(out, outer).store_in(Halide::MemoryType::Stack).vectorize(axes.c, vector).unroll(axes.c);
  sum.update().reorder(axes.c, ry).vectorize(axes.c, vector).unroll(axes.c);
  row_sum.compute_at(sum, ry).store_in(Halide::MemoryType::Stack).vectorize(axes.c, vector).unroll(axes.c);
  row_sum.update().reorder(axes.c, row, rx).vectorize(axes.c, vector).unroll(axes.c);
  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu
