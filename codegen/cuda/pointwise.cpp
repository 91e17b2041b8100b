/// \file Schedules of copies with an epilogue, and of softmax.
#include "codegen/cuda/kernels_internal.h"

namespace resnetc::codegen::cuda {

void build_copy(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  Func out = define_copy(spec, axes, operands);
  share_pixels(spec, out, axes);
  finish(out, operands, built);
}

void build_rearrangement(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  Func out = define_rearrangement(spec, axes, operands);
  share_pixels(spec, out, axes);
  finish(out, operands, built);
}

namespace {

// Each thread finds the largest element and the sum for its own channel: they cost it as much as the loads that they need.
void build_parts_softmax(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  PartsSoftmax s = define_parts_softmax(spec, axes, operands);
  const ThreadLoops loops = share_pixels(spec, s.out, axes);
  for (Func* f : {&s.part_max, &s.part_sum}) f->compute_at(s.out, loops.thread);
  for (Func* f : {&s.top, &s.sum}) f->compute_at(s.out, loops.thread);
  finish(s.out, operands, built);
}

}  // namespace

// Each block computes one pixel, and each of its threads one of 16 lanes. Results of a lane go to the other threads through shared
// memory.
void build_softmax(const program::KernelSpec& spec, Built& built) {
  if (spec.attributes.parts != 0) return build_parts_softmax(spec, built);
  Axes axes;
  Operands operands(Operands::Place::gpu);
  Softmax s = define_softmax(spec, axes, operands);
  Var block("block"), thread("thread"), row("row"), pixel("pixel");
  s.out.split(axes.c, block, thread, to_int(lanes), Halide::TailStrategy::RoundUp).fuse(axes.x, axes.y, row).fuse(row, axes.n, pixel);
  s.out.reorder(block, thread, pixel).gpu_blocks(pixel).gpu_threads(thread).never_partition_all();
  for (Func* f : {&s.lane_max, &s.lane_sum}) {
    f->compute_at(s.out, pixel).store_in(Halide::MemoryType::GPUShared).gpu_threads(s.lane);
    f->update().reorder(s.blocks, s.lane).gpu_threads(s.lane);
  }
  for (Func* f : {&s.top, &s.sum}) f->compute_at(s.out, pixel).store_in(Halide::MemoryType::GPUShared);
  finish(s.out, operands, built);
}

}  // namespace resnetc::codegen::cuda
