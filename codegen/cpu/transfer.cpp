/// \file Schedules of loads and stores.
#include "codegen/cpu/kernels_internal.h"

namespace resnetc::codegen::cpu {

using Halide::TailStrategy;

void build_load(const program::KernelSpec& spec, Built& built) {
  const TensorType& type = spec.out.type;
  Axes axes;
  Operands operands;
  Func out = define_load(spec, axes, operands);
  if (spec.out.channel_stride % lanes == 0) {
    out.vectorize(axes.c, to_int(lanes));
  } else if (type.channels <= 4) {
    out.unroll(axes.c);
    if (type.width >= 8) out.unroll(axes.x, 8, TailStrategy::ShiftInwards);
  }
  parallel_rows(out, axes, rows_of(spec), type.height);
  built.output = out;
  built.arguments = operands.arguments;
}

void build_store(const program::KernelSpec& spec, Built& built) {
  const TensorType& type = spec.in.type;
  Axes axes;
  Operands operands;
  const bool flat = spec.in.dense();
  Func out = define_store(spec, axes, operands, flat);
  if (type.rank == 2) {
    if (type.channels >= lanes) out.vectorize(axes.c, vector, TailStrategy::ShiftInwards);
    out.parallel(axes.n).never_partition_all();
  } else {
    // Channels are the inner loop, because a line of the arena holds 16 of them.
    const int64_t width = flat ? type.pixels() : type.width;
    Var xo("xo"), task("task");
    const int64_t step = width >= lanes ? lanes : 1;
    out.split(axes.x, xo, axes.x, to_int(step), shift_unless(width % step == 0));
    out.reorder(axes.x, axes.c, xo, axes.y, axes.n).vectorize(axes.x);
    if (rows_of(spec) > 0) {
      out.fuse(flat ? xo : axes.y, axes.n, task).parallel(task);
    } else {
      out.parallel(axes.n);
    }
    out.never_partition_all();
  }
  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu
