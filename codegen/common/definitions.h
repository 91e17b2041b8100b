/// \file What each kind of kernel but a convolution computes, the same for every device; in which order, and where results are kept, is its
/// device's to say. Each adds its operands to the kernel's arguments, and fixes the layout of its output.
#pragma once

#include "codegen/common/operands.h"

namespace resnetc::codegen::common {

/// A pool: what its windows are reduced to, and the kernel's output made of that.
struct Window {
  Func out, reduction;
  RDom r;  ///< column and row in the window
};
Window define_max_pool(const program::KernelSpec& spec, const Axes& axes, Operands& operands);
Window define_avg_pool(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

/// Row by row: the rounding error then grows with height + width, not with their product.
struct GlobalPool {
  Func out, sum, row_sum;
  RDom rx, ry;
  Var row{"row"};  ///< of row_sum(c, row, n); sum(c, n)
};
GlobalPool define_global_avg_pool(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

/// exp(x - top) / sum, of one vector of channels. The largest and the sum are found for each of 16 lanes first. Lanes past the last channel
/// hold anything, so every step masks them; exp is computed twice rather than stored, and no size of vector needs scratch memory.
struct Softmax {
  Func out, lane_max, top, lane_sum, sum;
  RDom blocks;        ///< vectors of 16 channels, which lane_max(l, n) and lane_sum(l, n) go through
  RDom lanes_of_one;  ///< what top(n) and sum(n) go through
  Var lane{"l"};
};
Softmax define_softmax(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

Func define_copy(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

/// Between the caller's dense buffers and the arena. A store of pictures is (x, y, c, n), all pixels along x if `flat`; of vectors
/// (c, x, y, n).
Func define_load(const program::KernelSpec& spec, const Axes& axes, Operands& operands);
Func define_store(const program::KernelSpec& spec, const Axes& axes, Operands& operands, bool flat);

}  // namespace resnetc::codegen::common
