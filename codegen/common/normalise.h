/// \file The definitions of normalisations, which measure the values that they normalise: (x - mean) / sqrt(variance + eps), or
/// x / sqrt(variance + eps) where the attribute `subtract_mean` is false. Their weights are a step of the epilogue. The variance is the
/// mean of squared differences from the mean, so no cancellation makes it wrong.
#pragma once

#include "codegen/common/operands.h"

namespace resnetc::codegen::common {

/// Over the channels of each pixel; rms_norm takes 0 for the mean, and mean_norm divides by the mean itself. Sums are first made for each
/// of 16 lanes, without those past the last channel.
struct LayerNorm {
  Func out, lane_sum, mean, lane_squares, scale;
  RDom blocks;        ///< vectors of 16 channels, over which lane_sum(l, x, y, n) and lane_squares(l, x, y, n) reduce
  RDom lanes_of_one;  ///< the lanes over which mean(x, y, n) and scale(x, y, n) reduce
  Var lane{"l"};
  bool centred = true;   ///< whether the mean has a part in the variance
  bool by_mean = false;  ///< whether the mean is the divisor; then there are no squares
};
LayerNorm define_layer_norm(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

/// Over the channels of each group and all pixels. The channels are divided into chunks of whole vectors and whole groups
/// (program::channels_of_chunk()), so a chunk needs nothing of another one. `u` is a channel's index in its chunk `k`, `g` a group's. Sums
/// are made row by row, so that the rounding error grows with height + width and not with their product.
struct GroupNorm {
  Func out;
  Func row_sum, sum;          ///< (u, row, k, n) and (u, k, n)
  Func mean;                  ///< (g, k, n)
  Func row_squares, squares;  ///< as row_sum and sum: of the differences from the mean
  Func scale;                 ///< (g, k, n)
  RDom rx, ry;                ///< columns and rows
  RDom members;               ///< the channels of a group
  Var u{"u"}, k{"k"}, g{"g"}, row{"row"};
  int64_t chunk = 0;  ///< channels
};
GroupNorm define_group_norm(const program::KernelSpec& spec, const Axes& axes, Operands& operands);

}  // namespace resnetc::codegen::common
