/// \file Scalar functions for kernels, spelled out so that no kernel calls into a mathematics library and NaN goes where PyTorch has it go.
#pragma once

#include <Halide.h>

namespace resnetc::codegen::common {

/// max(a, b), NaN if either is.
Halide::Expr max_keeping_nan(const Halide::Expr& a, const Halide::Expr& b);
/// exp(x), NaN kept; relative error about 2e-7. Infinite from 88.4 on; zero, or nearly so, where exp(x) is below the least normal number.
Halide::Expr exponential(const Halide::Expr& x);

}  // namespace resnetc::codegen::common
