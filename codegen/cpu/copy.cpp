/// \file Schedules of copies with an epilogue, of rearrangements and of softmax.
#include <algorithm>
#include <utility>

#include "codegen/cpu/kernels_internal.h"

namespace resnetc::codegen::cpu {

namespace {

/// Computes 16 channels of a pixel at a time.
void build_elements(const program::KernelSpec& spec, Func (*define)(const program::KernelSpec&, const Axes&, Operands&), Built& built) {
  Axes axes;
  Operands operands;
  Func out = define(spec, axes, operands);
  schedule_vectors(spec, out, axes, Var("cb"));
  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace

void build_copy(const program::KernelSpec& spec, Built& built) { build_elements(spec, define_copy, built); }

void build_rearrangement(const program::KernelSpec& spec, Built& built) { build_elements(spec, define_rearrangement, built); }

namespace {

// The largest elements and the sums of all places of a part lie on the stack. Where a part is no number of whole vectors, its last vector
// shifts inwards, because further elements would be another pixel's or nobody's.
void build_parts_softmax(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands;
  PartsSoftmax s = define_parts_softmax(spec, axes, operands);
  Var part("part"), block("cb"), places("ub");
  if (s.channels % vector == 0) {
    // With a loop over the parts, a vector of the result finds its sums in a vector.
    s.out.split(axes.c, part, axes.c, s.channels).split(axes.c, block, axes.c, vector);
    s.out.reorder(axes.c, block, part, axes.x, axes.y, axes.n).vectorize(axes.c);
    parallel_rows(s.out, axes, rows_of(spec), spec.out.type.height);
  } else {
    schedule_vectors(spec, s.out, axes, block);
  }
  const int width = std::min(s.channels, vector);
  for (auto [all, of_parts] : {std::pair{&s.top, &s.part_max}, std::pair{&s.sum, &s.part_sum}}) {
    all->compute_at(s.out, axes.x).store_in(Halide::MemoryType::Stack);
    all->split(s.u, places, s.u, width, Halide::TailStrategy::ShiftInwards).vectorize(s.u);
    of_parts->compute_at(*all, places).store_in(Halide::MemoryType::Stack).vectorize(s.u, width);
    of_parts->update().reorder(s.u, s.parts).vectorize(s.u, width);
  }
  built.output = s.out;
  built.arguments = operands.arguments;
}

}  // namespace

void build_softmax(const program::KernelSpec& spec, Built& built) {
  if (spec.attributes.parts != 0) return build_parts_softmax(spec, built);
  Axes axes;
  Operands operands;
  Softmax s = define_softmax(spec, axes, operands);
  schedule_vectors(spec, s.out, axes, Var("cb"));
  for (Func* f : {&s.lane_max, &s.lane_sum}) {
    f->compute_at(s.out, axes.x).store_in(Halide::MemoryType::Stack).vectorize(s.lane, vector);
    f->update().reorder(s.lane, s.blocks).vectorize(s.lane, vector);
  }
  for (Func* f : {&s.top, &s.sum}) f->compute_at(s.out, axes.x).store_in(Halide::MemoryType::Stack);
  built.output = s.out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu
