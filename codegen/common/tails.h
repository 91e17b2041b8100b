/// \file Strategies for the end of an axis that a split's factor does not divide.
#pragma once

#include <Halide.h>

namespace resnetc::codegen::common {

/// No tail if the factor divides the extent, otherwise a guarded tail, so that each element is computed once.
inline Halide::TailStrategy guard_unless(bool divides) {
  return divides ? Halide::TailStrategy::RoundUp : Halide::TailStrategy::GuardWithIf;
}

/// No tail if the factor divides the extent, otherwise a tail that shifts inwards: it computes some elements twice but needs no branch.
inline Halide::TailStrategy shift_unless(bool divides) {
  return divides ? Halide::TailStrategy::RoundUp : Halide::TailStrategy::ShiftInwards;
}

}  // namespace resnetc::codegen::common
