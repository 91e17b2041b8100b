/// \file Makes a Halide pipeline for an NVIDIA GPU from a KernelSpec with a ThreadSchedule. Each kernel is one launch. Only worker
/// processes call this, for the reason in codegen/cpu/build_kernel.h.
#pragma once

#include "codegen/common/built.h"
#include "ir/program.h"
#include "support/failure.h"

namespace resnetc::codegen::cuda {

using namespace common;

/// Builds the pipeline of a spec. Fails for a malformed spec, which no builder can handle.
Result<> build_kernel(const program::KernelSpec& spec, Built& built);

}  // namespace resnetc::codegen::cuda
