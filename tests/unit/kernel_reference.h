/// \file What kernels must compute, as plain loops in float64.
#pragma once

#include "tests/unit/kernel_harness.h"

namespace resnetc::testing {

/// The weights of a convolution in the layout of pack_conv(), from its documentation rather than its code.
std::vector<float> pack_weights_naively(const program::KernelSpec& spec, const std::vector<double>& weight);

/// The weights of a project step, whose values are `values`, in the layout of pack_conv().
std::vector<float> pack_projection_naively(const program::KernelSpec& spec, size_t step, const std::vector<double>& values);

/// The result of a kernel over the case's inputs; for a store, in the caller's order.
Planar reference(const KernelCase& one);

}  // namespace resnetc::testing
