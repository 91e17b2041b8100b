/// \file Schedules of copies with an epilogue, of rearrangements and of softmax.
#include "codegen/cpu/kernels_internal.h"

namespace resnetc::codegen::cpu {

void build_copy(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands;
  Func out = define_copy(spec, axes, operands);
  schedule_vectors(spec, out, axes, Var("cb"));
  built.output = out;
  built.arguments = operands.arguments;
}

void build_rearrangement(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands;
  Func out = define_rearrangement(spec, axes, operands);
  schedule_vectors(spec, out, axes, Var("cb"));
  built.output = out;
  built.arguments = operands.arguments;
}

void build_softmax(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands;
  Softmax s = define_softmax(spec, axes, operands);
  s.out.vectorize(axes.c, vector).parallel(axes.n).never_partition_all();
  for (Func* f : {&s.lane_max, &s.lane_sum}) {
    f->compute_at(s.out, axes.n).store_in(Halide::MemoryType::Stack).vectorize(s.lane, vector);
    f->update().reorder(s.lane, s.blocks).vectorize(s.lane, vector);
  }
  for (Func* f : {&s.top, &s.sum}) f->compute_at(s.out, axes.n).store_in(Halide::MemoryType::Stack);
  built.output = s.out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu
