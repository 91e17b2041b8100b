/// \file What happens at the end of an axis that a split's factor does not divide.
#pragma once

#include <Halide.h>

namespace resnetc::codegen::common {

/// No tail where the factor divides the extent, else a guarded one, so that each element is computed once.
inline Halide::TailStrategy guard_unless(bool divides) {
  return divides ? Halide::TailStrategy::RoundUp : Halide::TailStrategy::GuardWithIf;
}

/// No tail where the factor divides the extent, else one that shifts inwards, so that some elements are computed twice, without a branch.
inline Halide::TailStrategy shift_unless(bool divides) {
  return divides ? Halide::TailStrategy::RoundUp : Halide::TailStrategy::ShiftInwards;
}

}  // namespace resnetc::codegen::common
