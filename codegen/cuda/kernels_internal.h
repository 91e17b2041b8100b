/// \file One builder for each kind of kernel, and functions with which all of them divide their work between threads.
#pragma once

#include "codegen/common/definitions.h"
#include "codegen/common/tails.h"
#include "codegen/cuda/build_kernel.h"

namespace resnetc::codegen::cuda {

void build_conv2d(const program::KernelSpec& spec, Built& built);
void build_max_pool(const program::KernelSpec& spec, Built& built);
void build_avg_pool(const program::KernelSpec& spec, Built& built);
void build_global_avg_pool(const program::KernelSpec& spec, Built& built);
void build_copy(const program::KernelSpec& spec, Built& built);
void build_softmax(const program::KernelSpec& spec, Built& built);
void build_rearrangement(const program::KernelSpec& spec, Built& built);
void build_load(const program::KernelSpec& spec, Built& built);
void build_store(const program::KernelSpec& spec, Built& built);

inline const program::ThreadSchedule& threads_of(const program::KernelSpec& spec) {
  return std::get<program::ThreadSchedule>(spec.schedule);
}

/// The loops of a thread, innermost first: neighbouring channels, pixels of a row, rows. `thread` is the loop over a block's threads that
/// contains them.
struct ThreadLoops {
  Var channel{"channel"}, column{"column"}, row{"row"};
  Var thread{"thread"};
};

/// Divides `out` into tiles for threads and the threads into blocks, as the schedule says. The axes c, x and y of `out` have the given
/// extents. The loops over `axes` are split and no longer exist afterwards.
ThreadLoops share_between_threads(const program::ThreadSchedule& schedule, Func& out, const Axes& axes, int64_t channels, int64_t width,
                                  int64_t height);
/// share_between_threads() for a kernel that stores pixels. If channels are stored in whole vectors, a thread stores its channels at once.
ThreadLoops share_pixels(const program::KernelSpec& spec, Func& out, const Axes& axes);
/// Lets a thread store or load its neighbouring channels at once, if there are two or four of them.
void widen(const program::ThreadSchedule& schedule, Halide::Stage stage, const Var& channel);
/// Completes the kernel.
void finish(const Func& out, const Operands& operands, Built& built);

}  // namespace resnetc::codegen::cuda
