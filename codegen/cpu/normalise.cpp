/// \file Schedules of normalisations.
#include "codegen/common/normalise.h"

#include "codegen/cpu/kernels_internal.h"

namespace resnetc::codegen::cpu {

// Pixel by pixel: the channels of a pixel are in the first-level cache when they are read for the second and third time.
void build_layer_norm(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands;
  common::LayerNorm norm = common::define_layer_norm(spec, axes, operands);
  schedule_vectors(spec, norm.out, axes, Var("cb"));
  const auto sum = [&](Func& of_lanes, Func& of_all) {
    of_lanes.compute_at(norm.out, axes.x).store_in(Halide::MemoryType::Stack).vectorize(norm.lane, vector);
    of_lanes.update().reorder(norm.lane, norm.blocks).vectorize(norm.lane, vector);
    of_all.compute_at(norm.out, axes.x).store_in(Halide::MemoryType::Stack);
    of_all.update().atomic().vectorize(norm.lanes_of_one, vector);
  };
  if (norm.centred || norm.by_mean) sum(norm.lane_sum, norm.mean);
  if (!norm.by_mean) sum(norm.lane_squares, norm.scale);
  built.output = norm.out;
  built.arguments = operands.arguments;
}

// Chunk by chunk of channels: threads share chunks, and each sums and normalises its own.
void build_group_norm(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands;
  common::GroupNorm norm = common::define_group_norm(spec, axes, operands);
  Var chunk("chunk"), block("cb"), task("task");
  Func& out = norm.out;
  out.split(axes.c, chunk, axes.c, to_int(norm.chunk), Halide::TailStrategy::RoundUp);
  out.split(axes.c, block, axes.c, vector, Halide::TailStrategy::RoundUp);
  out.reorder(axes.c, block, axes.x, axes.y, chunk, axes.n).vectorize(axes.c);
  const bool share_picture = rows_of(spec) > 0;
  if (share_picture) {
    out.fuse(chunk, axes.n, task).parallel(task);
  } else {
    out.parallel(axes.n);
  }
  out.never_partition_all();
  const Var& outer = share_picture ? task : chunk;
  const auto on_stack = [&](Func& f, const Func& in, const auto& at) {
    f.compute_at(in, at).store_in(Halide::MemoryType::Stack).vectorize(norm.u, vector);
  };
  for (auto [sum, row_sum] : {std::pair{&norm.sum, &norm.row_sum}, std::pair{&norm.squares, &norm.row_squares}}) {
    on_stack(*sum, out, outer);
    sum->update().reorder(norm.u, norm.ry).vectorize(norm.u, vector);
    on_stack(*row_sum, *sum, norm.ry);
    row_sum->update().reorder(norm.u, norm.rx).vectorize(norm.u, vector);
  }
  for (Func* f : {&norm.mean, &norm.scale}) f->compute_at(out, outer).store_in(Halide::MemoryType::Stack);
  built.output = out;
  built.arguments = operands.arguments;
}

}  // namespace resnetc::codegen::cpu
