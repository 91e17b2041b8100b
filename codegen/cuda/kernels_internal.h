/// \file One builder per kind of kernel, and how all of them share their work between threads.
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
void build_load(const program::KernelSpec& spec, Built& built);
void build_store(const program::KernelSpec& spec, Built& built);

inline const program::ThreadSchedule& threads_of(const program::KernelSpec& spec) {
  return std::get<program::ThreadSchedule>(spec.schedule);
}

/// The loops of a thread, from the inside: neighbouring channels, pixels of a row, rows. `channels` is the loop over a block's threads
/// inside which a thread's own values are computed.
struct ThreadLoops {
  Var channel{"channel"}, column{"column"}, row{"row"};
  Var thread{"thread"};
};

/// Gives each thread its tile of `out`, whose axes c, x and y have these extents, and blocks their threads, as the schedule says. `axes`
/// are taken apart.
ThreadLoops share_between_threads(const program::ThreadSchedule& schedule, Func& out, const Axes& axes, int64_t channels, int64_t width,
                                  int64_t height);
/// The same of a kernel that stores pixels; where channels are stored in whole vectors, a thread stores its own at once.
ThreadLoops share_pixels(const program::KernelSpec& spec, Func& out, const Axes& axes);
/// Lets a thread store, or load, its neighbouring channels at once if there are two or four.
void widen(const program::ThreadSchedule& schedule, Halide::Stage stage, const Var& channel);
/// The kernel is done.
void finish(const Func& out, const Operands& operands, Built& built);

}  // namespace resnetc::codegen::cuda
