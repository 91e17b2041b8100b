/// \file The correct results of kernels, computed by plain loops in float64.
#pragma once

#include "tests/unit/codegen/kernels/harness.h"

namespace resnetc::testing {

/// The weights of a convolution, packed for its schedule (ir/packing.h). The code follows the documentation of the packings and not their
/// code.
std::vector<float> pack_weights_naively(const KernelCase& one);

/// The packed weights of a project step.
std::vector<float> pack_projection_naively(const KernelCase& one, size_t step);

/// The correct result of a kernel for the case's inputs; for a store, in the caller's order.
Planar reference(const KernelCase& one);

}  // namespace resnetc::testing
