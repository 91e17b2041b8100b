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

// Each block computes one picture, and each of its threads one of 16 lanes. Results of a lane go to the other threads through shared
// memory.
void build_softmax(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  Softmax s = define_softmax(spec, axes, operands);
  Var block("block"), thread("thread");
  s.out.split(axes.c, block, thread, to_int(lanes), Halide::TailStrategy::RoundUp).reorder(block, thread, axes.x, axes.y, axes.n);
  s.out.gpu_blocks(axes.n).gpu_threads(thread).never_partition_all();
  for (Func* f : {&s.lane_max, &s.lane_sum}) {
    f->compute_at(s.out, axes.n).store_in(Halide::MemoryType::GPUShared).gpu_threads(s.lane);
    f->update().reorder(s.blocks, s.lane).gpu_threads(s.lane);
  }
  for (Func* f : {&s.top, &s.sum}) f->compute_at(s.out, axes.n).store_in(Halide::MemoryType::GPUShared);
  finish(s.out, operands, built);
}

}  // namespace resnetc::codegen::cuda
