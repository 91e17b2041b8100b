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

/// A global pool, which goes row by row, so that an average's rounding error grows with height + width and not with their product.
struct GlobalPool {
  Func out, whole, of_row;  ///< the result, and what it is made from: the sum or the largest of a channel and of each row
  RDom rx, ry;
  Var row{"row"};  ///< axis of of_row(c, row, n); the other is whole(c, n)
};
GlobalPool define_global_pool(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

/// exp(x - top) / sum over all channels of a pixel. The maximum and the sum are first computed for each of 16 lanes. Lanes past the last
/// channel hold arbitrary values, so every step masks them. exp is computed twice and not stored, so no number of channels needs scratch
/// memory.
struct Softmax {
  Func out, lane_max, top, lane_sum, sum;
  RDom blocks;        ///< vectors of 16 channels, over which lane_max(l, x, y, n) and lane_sum(l, x, y, n) reduce
  RDom lanes_of_one;  ///< the lanes over which top(x, y, n) and sum(x, y, n) reduce
  Var lane{"l"};
};
Softmax define_softmax(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

/// exp(x - top) / sum over the channels at the same place of each part.
struct PartsSoftmax {
  Func out, top, sum;  ///< top(u, x, y, n) and sum(u, x, y, n) are copies of what is reduced
  Func part_max, part_sum;
  RDom parts;
  int channels;  ///< of a part
  Var u{"u"};    ///< place in a part
};
PartsSoftmax define_parts_softmax(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

Func define_copy(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

/// An element of the result is one element of the operand, or lies between four. For KernelFamily::rearrangement.
Func define_rearrangement(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

/// Copies between the caller's dense buffers and the arena. A store of pictures has the axes (x, y, c, n), with all pixels along x if
/// `flat`. A store of vectors has (c, x, y, n).
Func define_load(const program::KernelSpec& spec, const Axes& axes, Operands& operands);
Func define_store(const program::KernelSpec& spec, const Axes& axes, Operands& operands, bool flat);

}  // namespace resnetc::codegen::common
