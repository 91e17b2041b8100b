/// \file From a KernelSpec whose schedule is of threads to a Halide pipeline for an NVIDIA GPU: one launch a kernel. Only worker processes
/// call this, as codegen/cpu/build_kernel.h says.
#pragma once

#include "codegen/common/built.h"
#include "ir/program.h"
#include "support/failure.h"

namespace resnetc::codegen::cuda {

using namespace common;

/// Builds the pipeline of a spec. Fails for what the kernel library cannot do (a malformed spec).
Result<> build_kernel(const program::KernelSpec& spec, Built& built);

}  // namespace resnetc::codegen::cuda
