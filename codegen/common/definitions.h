/// \file The definitions of all kinds of kernels except convolutions, the same for every device. Each device decides the order of the
/// computation and where results are kept. Each definition adds its operands to the kernel's arguments and fixes the layout of its output.
#pragma once

#include "codegen/common/operands.h"

namespace resnetc::codegen::common {

/// A pool: the reduction of its windows, and the kernel's output, which is made from it.
struct Window {
  Func out, reduction;
  RDom r;  ///< column and row in the window
};
Window define_max_pool(const program::KernelSpec& spec, const Axes& axes, Operands& operands);
Window define_avg_pool(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

/// A global pool that sums row by row, so that the rounding error grows with height + width and not with their product.
struct GlobalPool {
  Func out, sum, row_sum;
  RDom rx, ry;
  Var row{"row"};  ///< axis of row_sum(c, row, n); the other sum is sum(c, n)
};
GlobalPool define_global_avg_pool(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

/// exp(x - top) / sum for one vector of channels. The maximum and the sum are first computed for each of 16 lanes. Lanes past the last
/// channel hold arbitrary values, so every step masks them. exp is computed twice and not stored, so no size of vector needs scratch
/// memory.
struct Softmax {
  Func out, lane_max, top, lane_sum, sum;
  RDom blocks;        ///< vectors of 16 channels, over which lane_max(l, n) and lane_sum(l, n) reduce
  RDom lanes_of_one;  ///< the lanes over which top(n) and sum(n) reduce
  Var lane{"l"};
};
Softmax define_softmax(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

Func define_copy(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

/// An element of the result is one element of the operand, or lies between four. For flatten, upsample, pixel_shuffle and channel_shuffle.
Func define_rearrangement(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

/// Copies between the caller's dense buffers and the arena. A store of pictures has the axes (x, y, c, n), with all pixels along x if
/// `flat`. A store of vectors has (c, x, y, n).
Func define_load(const program::KernelSpec& spec, const Axes& axes, Operands& operands);
Func define_store(const program::KernelSpec& spec, const Axes& axes, Operands& operands, bool flat);

}  // namespace resnetc::codegen::common
