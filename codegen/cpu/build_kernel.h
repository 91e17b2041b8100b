/// \file Makes a scheduled Halide pipeline for x86-64 from a KernelSpec. Only worker processes call this: Halide numbers names with global
/// counters, and the numbers reach the object, so each pipeline must be the first that its process builds.
#pragma once

#include "codegen/common/built.h"
#include "ir/program.h"
#include "support/failure.h"

namespace resnetc::codegen::cpu {

using namespace common;

/// Builds the pipeline of a spec for a target, which is a CPU. Fails for a malformed spec, which no builder can handle.
Result<> build_kernel(const program::KernelSpec& spec, const Target& target, Built& built);

}  // namespace resnetc::codegen::cpu
