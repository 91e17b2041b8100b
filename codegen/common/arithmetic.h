/// \file Scalar functions for kernels, spelled out so that no kernel calls into a mathematics library and NaN goes where PyTorch has it go.
#pragma once

#include <Halide.h>

namespace resnetc::codegen::common {

/// max(x, 0), but NaN for NaN. One instruction all the same: x86's maximum returns its second operand when either is NaN.
Halide::Expr relu(const Halide::Expr& x);
/// max(a, b), NaN if either is.
Halide::Expr max_keeping_nan(const Halide::Expr& a, const Halide::Expr& b);
/// exp(x), NaN kept; relative error about 2e-7. Infinite from 88.4 on; zero, or nearly so, where exp(x) is below the least normal number.
Halide::Expr exponential(const Halide::Expr& x);
/// 1 / (1 + exp(-x))
Halide::Expr sigmoid(const Halide::Expr& x);

}  // namespace resnetc::codegen::common
