/// \file Schedules of loads and stores. Between planes and vectors of channels lies a transposition: the caller has the pixels of a channel
/// side by side, and the arena has 16 channels of a pixel. Blocks of both are transposed in registers.
#include <algorithm>

#include "codegen/cpu/kernels_internal.h"
#include "codegen/cpu/transpose.h"

namespace resnetc::codegen::cpu {

namespace {

using Halide::TailStrategy;

/// The number of neighbouring pixels that are transposed together: those that a register holds, or fewer if a row has fewer. 0 if a row is
/// too short for a block.
int transposed_pixels(const Target& target, int64_t width) {
  int pixels = register_lanes(target);
  while (pixels > width) pixels /= 2;
  return pixels >= smallest_block ? pixels : 0;
}

/// The number of vectors of channels of a pixel, of `all`, that a load or store moves before it goes on to other pixels. The others
/// follow when all pixels of the task are done, so that a task works on few planes at a time.
int vectors_of(const program::KernelSpec& spec, int64_t all) {
  return to_int(program::divisor_at_most(all, std::get<program::GeneralSchedule>(spec.schedule).vectors));
}

/// Makes blocks of pixels and channels the inner loops of `out`.
void transpose_load(const program::KernelSpec& spec, const Target& target, int pixels, Func& out, const Axes& axes, Built& built) {
  Var column("column"), part("part"), block("block"), group("group");
  const int64_t width = spec.out.type.width;
  const int vectors = vectors_of(spec, blocks(spec.out.type.channels));
  out.split(axes.c, group, axes.c, vectors * vector).split(axes.c, block, axes.c, vector);
  out.split(axes.c, part, axes.c, register_lanes(target)).vectorize(axes.c);
  out.split(axes.x, axes.x, column, pixels, shift_unless(width % pixels == 0));
  out.reorder({axes.c, column, part, block, axes.x, axes.y, group});
  // "in" are the caller's planes. With one vector, the processor itself fetches ahead in its 16 planes.
  built.passes.push_back(transpose_pass(vectors > 1 ? "in" : ""));
}

/// Makes blocks of channels and pixels the inner loops of `out`, whose x is split into blocks `xo` of `pixels`. Returns the loop that
/// threads share, which is `rows` if there are too few channels.
Var transpose_store(const program::KernelSpec& spec, int pixels, Func& out, const Axes& axes, const Var& xo, const Var& rows,
                    Built& built) {
  Var row("row"), part("part"), block("block");
  const int64_t channels = spec.in.type.channels;
  const int vectors = vectors_of(spec, blocks(channels));
  out.split(axes.c, axes.c, row, vector, shift_unless(channels % lanes == 0)).split(row, part, row, pixels);
  out.split(axes.c, axes.c, block, vectors);
  out.reorder({axes.x, row, part, block, xo, axes.y, axes.c, axes.n});
  built.passes.push_back(transpose_pass(vectors > 1 ? "out" : ""));
  return channels > vectors * lanes ? axes.c : rows;
}

}  // namespace

void build_load(const program::KernelSpec& spec, const Target& target, Built& built) {
  const TensorType& type = spec.out.type;
  const int pixels = transposed_pixels(target, type.width);
  Axes axes;
  Operands operands;
  Func out = define_load(spec, axes, operands);
  parallel_rows(out, axes, rows_of(spec), type.height);
  if (spec.out.channel_stride == program::channels_in_fours && type.element == ElementType::u8) {
    // The four channels of neighbouring pixels become one store.
    out.unroll(axes.c);
    if (type.width >= vector) out.vectorize(axes.x, vector, TailStrategy::ShiftInwards);
  } else if (spec.out.channel_stride % lanes == 0 && type.element == ElementType::u8) {
    out.vectorize(axes.c, vector);
  } else if (spec.out.channel_stride % lanes == 0) {
    if (spec.input.has_planes() && pixels > 0) {
      transpose_load(spec, target, pixels, out, axes, built);
    } else {
      out.vectorize(axes.c, vector);
    }
  } else if (type.channels <= 4) {
    out.unroll(axes.c);
    if (type.width >= 8) out.unroll(axes.x, 8, TailStrategy::ShiftInwards);
  }
  built.output = out;
  built.arguments = operands.arguments;
}

void build_store(const program::KernelSpec& spec, const Target& target, Built& built) {
  const TensorType& type = spec.in.type;
  Axes axes;
  Operands operands;
  const bool flat = spec.in.dense();
  Func out = define_store(spec, axes, operands, flat);
  if (type.is_vector()) {
    if (type.channels >= lanes) out.vectorize(axes.c, vector, TailStrategy::ShiftInwards);
    out.parallel(axes.n).never_partition_all();
  } else {
    const int64_t width = flat ? type.pixels() : type.width;
    const int pixels = type.channels >= lanes ? transposed_pixels(target, width) : 0;
    const int step = pixels > 0 ? pixels : width >= lanes ? vector : 1;
    Var xo("xo"), task("task");
    out.split(axes.x, xo, axes.x, step, shift_unless(width % step == 0)).vectorize(axes.x);
    Var shared = flat ? xo : axes.y;  // the loop that threads share
    if (pixels > 0) {
      shared = transpose_store(spec, pixels, out, axes, xo, shared, built);
    } else {
      out.reorder(axes.x, axes.c, xo, axes.y, axes.n);  // a line of the arena holds 16 channels
    }
    if (rows_of(spec) > 0) {
      out.fuse(shared, axes.n, task).parallel(task);
    } else {
      out.parallel(axes.n);
    }
    out.never_partition_all();
  }
  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu
