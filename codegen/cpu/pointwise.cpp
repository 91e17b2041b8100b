/// \file Copies with an epilogue, and softmax.
#include "codegen/cpu/arithmetic.h"
#include "codegen/cpu/epilogue.h"
#include "codegen/cpu/kernels_internal.h"

namespace resnetc::codegen::cpu {

void build_copy(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands;
  const Halide::ImageParam in = operands.tensor("in", spec.in);
  const int channels = to_int(spec.in.type.channels);
  Expr value = in(axes.c, axes.x, axes.y, axes.n);
  if (spec.out.type.channels > channels) {
    // Blocks past the input's storage read its last block instead, and what they read is not used.
    const Expr block = Halide::min(block_of(axes.c), to_int(spec.in.channel_stride / lanes - 1));
    value = Halide::select(axes.c < channels, in(block * to_int(lanes) + lane_of(axes.c), axes.x, axes.y, axes.n), 0.0f);
  }
  Func out("out");
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, value, axes, operands);
  set_output(out, axes, spec.out, false);
  schedule_vectors(spec, out, axes, Var("cb"));
  built.output = out;
  built.arguments = operands.arguments;
}

// Lanes past the last channel hold anything, so every pass masks them. Nothing is kept between the passes: exp is computed twice rather
// than stored, and no size of vector needs scratch memory.
void build_softmax(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands;
  const Halide::ImageParam in = operands.tensor("in", spec.in);
  const int channels = to_int(spec.in.type.channels), vector = to_int(lanes);
  Var l("l");
  RDom rb(0, to_int(blocks(channels)), "rb"), rl(0, vector, "rl");
  auto at = [&](const Expr& c) { return in(c, 0, 0, axes.n); };
  const Expr lowest = -std::numeric_limits<float>::infinity();
  Func lane_max("lane_max"), top("top"), lane_sum("lane_sum"), sum("sum"), out("out");
  lane_max(l, axes.n) = lowest;
  lane_max(l, axes.n) = max_keeping_nan(lane_max(l, axes.n), Halide::select(rb * vector + l < channels, at(rb * vector + l), lowest));
  top(axes.n) = lowest;
  top(axes.n) = max_keeping_nan(top(axes.n), lane_max(rl, axes.n));
  lane_sum(l, axes.n) = 0.0f;
  lane_sum(l, axes.n) += Halide::select(rb * vector + l < channels, exponential(at(rb * vector + l) - top(axes.n)), 0.0f);
  sum(axes.n) = 0.0f;
  sum(axes.n) += lane_sum(rl, axes.n);
  const Expr share = exponential(at(axes.c) - top(axes.n)) / sum(axes.n);
  out(axes.c, axes.x, axes.y, axes.n) = apply_epilogue(spec, share, axes, operands);
  set_output(out, axes, spec.out, false);
  out.vectorize(axes.c, vector).parallel(axes.n).never_partition_all();
  for (Func* f : {&lane_max, &lane_sum}) {
    f->compute_at(out, axes.n).store_in(Halide::MemoryType::Stack).vectorize(l, vector);
    f->update().reorder(l, rb).vectorize(l, vector);
  }
  for (Func* f : {&top, &sum}) f->compute_at(out, axes.n).store_in(Halide::MemoryType::Stack);
  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu
