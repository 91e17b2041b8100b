/// \file Schedules of all kernels but convolutions: they move more than they compute, so what counts is that neighbouring threads touch
/// neighbouring elements.
#include "codegen/cuda/kernels_internal.h"

namespace resnetc::codegen::cuda {

namespace {

using Halide::MemoryType;

/// Where channels are stored in whole vectors, a thread stores its own at once.
void align(Func& out, const program::Tensor& tensor) {
  if (tensor.channel_stride % lanes == 0) out.output_buffer().set_host_alignment(gpu_alignment);
}

ThreadLoops share(const program::KernelSpec& spec, Func& out, const Axes& axes) {
  align(out, spec.out);
  return share_between_threads(spec.schedule, out, axes, spec.out.channel_stride, spec.out.type.width, spec.out.type.height);
}

void finish(const Func& out, const Operands& operands, Built& built) {
  built.output = out;
  built.arguments = operands.arguments;
}

void build_window(const program::KernelSpec& spec, const Axes& axes, const Window& pool, const Operands& operands, Built& built) {
  Func out = pool.out, reduction = pool.reduction;
  const ThreadLoops loops = share(spec, out, axes);
  reduction.compute_at(out, loops.thread).store_in(MemoryType::Register).unroll(axes.x).unroll(axes.y);
  widen(spec.schedule, reduction, axes.c);
  Halide::Stage update = reduction.update();
  update.reorder(axes.c, axes.x, axes.y, pool.r.x, pool.r.y).unroll(axes.x).unroll(axes.y);
  widen(spec.schedule, update, axes.c);
  finish(out, operands, built);
}

}  // namespace

void build_max_pool(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  const Window pool = define_max_pool(spec, axes, operands);
  build_window(spec, axes, pool, operands, built);
}

void build_avg_pool(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  const Window pool = define_avg_pool(spec, axes, operands);
  build_window(spec, axes, pool, operands, built);
}

void build_global_avg_pool(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  GlobalPool pool = define_global_avg_pool(spec, axes, operands);
  const ThreadLoops loops = share(spec, pool.out, axes);
  const auto in_registers = [&](Func& f) {
    f.store_in(MemoryType::Register);
    widen(spec.schedule, f, axes.c);
  };
  pool.sum.compute_at(pool.out, loops.thread);
  in_registers(pool.sum);
  pool.sum.update().reorder(axes.c, pool.ry);
  widen(spec.schedule, pool.sum.update(), axes.c);
  pool.row_sum.compute_at(pool.sum, pool.ry);
  in_registers(pool.row_sum);
  pool.row_sum.update().reorder(axes.c, pool.row, pool.rx);
  widen(spec.schedule, pool.row_sum.update(), axes.c);
  finish(pool.out, operands, built);
}

void build_copy(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  Func out = define_copy(spec, axes, operands);
  share(spec, out, axes);
  finish(out, operands, built);
}

// A block has a picture and a thread each of 16 lanes; what a lane has found goes through shared memory.
void build_softmax(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  Softmax s = define_softmax(spec, axes, operands);
  Var block("block"), thread("thread");
  s.out.split(axes.c, block, thread, to_int(lanes), Halide::TailStrategy::RoundUp).reorder(block, thread, axes.x, axes.y, axes.n);
  s.out.gpu_blocks(axes.n).gpu_threads(thread).never_partition_all();
  for (Func* f : {&s.lane_max, &s.lane_sum}) {
    f->compute_at(s.out, axes.n).store_in(MemoryType::GPUShared).gpu_threads(s.lane);
    f->update().reorder(s.blocks, s.lane).gpu_threads(s.lane);
  }
  for (Func* f : {&s.top, &s.sum}) f->compute_at(s.out, axes.n).store_in(MemoryType::GPUShared);
  finish(s.out, operands, built);
}

void build_load(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  Func out = define_load(spec, axes, operands);
  share(spec, out, axes);
  finish(out, operands, built);
}

// Of pictures, columns are the innermost axis of what is stored, and side by side threads have the next ones.
void build_store(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  Func out = define_store(spec, axes, operands, false);
  const TensorType& type = spec.in.type;
  if (type.rank == 2) {
    share_between_threads(spec.schedule, out, axes, type.channels, 1, 1);
  } else {
    Axes swapped;
    swapped.c = axes.x;
    swapped.x = axes.c;
    swapped.y = axes.y;
    swapped.n = axes.n;
    share_between_threads(spec.schedule, out, swapped, type.width, type.channels, type.height);
  }
  finish(out, operands, built);
}

}  // namespace resnetc::codegen::cuda
