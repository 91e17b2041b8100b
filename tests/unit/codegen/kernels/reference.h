/// \file What kernels must compute, as plain loops in float64.
#pragma once

#include "tests/unit/codegen/kernels/harness.h"

namespace resnetc::testing {

/// The weights of a convolution as its schedule wants them (ir/packing.h), from the packings' documentation rather than their code.
std::vector<float> pack_weights_naively(const KernelCase& one);

/// The same of the weights of a project step.
std::vector<float> pack_projection_naively(const KernelCase& one, size_t step);

/// The result of a kernel over the case's inputs; for a store, in the caller's order.
Planar reference(const KernelCase& one);

}  // namespace resnetc::testing
