/// \file Scalar functions for kernels. They are written out so that no kernel calls a mathematics library, and so that NaN gives the same
/// results as in PyTorch.
#pragma once

#include <Halide.h>

namespace resnetc::codegen::common {

/// max(a, b), or NaN if either is NaN.
Halide::Expr max_keeping_nan(const Halide::Expr& a, const Halide::Expr& b);
/// exp(x) with a relative error of about 2e-7; NaN stays NaN. The result is infinite from 88.4 on, and zero or nearly zero where exp(x) is
/// below the least normal number.
Halide::Expr exponential(const Halide::Expr& x);

/// The byte that the step `round` makes of x: the nearest integer, ties to even, plus `zero`, at least 0 and at most 255; `zero` itself if
/// x is NaN. x is float32, and zero an integer of 32 bits from 0 to 255.
Halide::Expr to_byte(const Halide::Expr& x, const Halide::Expr& zero);

/// The error function with an absolute error of about 4e-7; NaN stays NaN.
Halide::Expr error_function(const Halide::Expr& x);

/// log(1 + x) of an x that is not negative, with a relative error of at most 1.3e-7; infinity and NaN stay.
Halide::Expr logarithm_of_1_plus(const Halide::Expr& x);

}  // namespace resnetc::codegen::common
