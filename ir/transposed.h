/// \file A transposed convolution as a convolution of stride 1 for all of its phases.
///
/// Along one axis with stride s, kernel k and padding p before the picture, element o of the result sums input i times tap o + p - s i.
/// Phase r has the elements o = s q + r. So it is a convolution of stride 1, in which place q - before + u of the input meets tap
/// first + r - s u with first = p + s before, for every phase in the same places; a tap that does not exist counts as zero.
#pragma once

#include "ir/op.h"
#include "ir/recipe.h"

namespace resnetc {

struct Phases {
  OpAttributes convolution;  ///< of a conv2d, whose channels are those of the result times the number of phases
  TensorType type;           ///< of the convolution's result
  PhaseTaps taps;            ///< its weights, made of those of the transposed convolution
  bool cropped = false;      ///< whether the last row or column of phases reaches beyond the result
};

/// The phases of a transposed convolution with these attributes, which makes `out` of `in`. The result need not fit: infer_type() of
/// conv_transpose checks that. Numbers are right for attributes that infer_type() has found in range.
Phases phases_of(const OpAttributes& attributes, const TensorType& in, const TensorType& out);

}  // namespace resnetc
