/// \file Between the caller's dense buffers and the arena.
#include "codegen/cpu/epilogue.h"
#include "codegen/cpu/kernels_internal.h"

namespace resnetc::codegen::cpu {

namespace {

using Halide::TailStrategy;

/// A per-channel constant of the network's input, as data of the kernel.
Halide::Buffer<float> table(const std::vector<double>& values, const char* name, double otherwise, int channels) {
  Halide::Buffer<float> buffer(channels, name);
  for (int c = 0; c < channels; ++c) {
    const size_t i = static_cast<size_t>(c);
    buffer(c) = static_cast<float>(i < values.size() ? values[i] : otherwise);
  }
  return buffer;
}

}  // namespace

void build_load(const program::KernelSpec& spec, Built& built) {
  const TensorType& type = spec.out.type;
  const int channels = to_int(type.channels);
  const bool u8 = spec.input.format == InputFormat::packed_u8;
  const bool planar = spec.input.format == InputFormat::planar_f32;
  Axes axes;
  Operands operands;
  const Halide::ImageParam in = operands.caller("in", u8 ? Halide::UInt(8) : Halide::Float(32), type,
                                                planar ? CallerOrder::channels_first : CallerOrder::channels_last);
  // The caller's buffer ends with its last channel, the arena's vectors may not.
  const bool padded = spec.out.channel_stride != type.channels;
  const Expr c = padded ? Halide::min(axes.c, channels - 1) : Expr(axes.c);
  Expr value = planar ? in(axes.x, axes.y, c, axes.n) : in(c, axes.x, axes.y, axes.n);
  if (u8) {
    const Halide::Buffer<float> mean = table(spec.input.mean, "mean", 0.0, channels);
    const Halide::Buffer<float> deviation = table(spec.input.std, "deviation", 1.0, channels);
    value = (Halide::cast<float>(value) / 255.0f - mean(c)) / deviation(c);
  }
  if (padded) value = Halide::select(axes.c < channels, value, 0.0f);
  Func out("out");
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, value, axes, operands);
  set_output(out, axes, spec.out, false);
  if (spec.out.channel_stride % lanes == 0) {
    out.vectorize(axes.c, to_int(lanes));
  } else if (channels <= 4) {
    out.unroll(axes.c);
    if (type.width >= 8) out.unroll(axes.x, 8, TailStrategy::ShiftInwards);
  }
  parallel_rows(out, axes, spec.schedule.rows, type.height);
  built.output = out;
  built.arguments = operands.arguments;
}

void build_store(const program::KernelSpec& spec, Built& built) {
  const TensorType& type = spec.in.type;
  Axes axes;
  Operands operands;
  const Halide::ImageParam in = operands.tensor("in", spec.in);
  const int vector = to_int(lanes);
  Func out("out");
  if (type.rank == 2) {
    out(axes.c, axes.x, axes.y, axes.n) = in(axes.c, axes.x, axes.y, axes.n);
    set_caller_output(out, {type.channels, 1, 1});
    if (type.channels >= lanes) out.vectorize(axes.c, vector, TailStrategy::ShiftInwards);
    out.parallel(axes.n).never_partition_all();
  } else {
    const bool flat = spec.in.dense();
    const int64_t width = flat ? type.pixels() : type.width, height = flat ? 1 : type.height;
    out(axes.x, axes.y, axes.c, axes.n) = in(axes.c, axes.x, axes.y, axes.n);
    set_caller_output(out, {width, height, type.channels});
    // Channels inside: a line of the arena holds 16 of them.
    Var xo("xo"), task("task");
    const int64_t step = width >= lanes ? lanes : 1;
    out.split(axes.x, xo, axes.x, to_int(step), width % step ? TailStrategy::ShiftInwards : TailStrategy::RoundUp);
    out.reorder(axes.x, axes.c, xo, axes.y, axes.n).vectorize(axes.x);
    if (spec.schedule.rows > 0) {
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
