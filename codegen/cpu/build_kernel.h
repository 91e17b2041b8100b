/// \file From a KernelSpec to a scheduled Halide pipeline for x86-64. Only worker processes call this: Halide numbers names from global
/// counters that reach the object, so each pipeline is built in a process that has built none before.
#pragma once

#include "codegen/common/built.h"
#include "ir/program.h"
#include "support/failure.h"

namespace resnetc::codegen::cpu {

using namespace common;

/// Builds the pipeline of a spec. Fails for what the kernel library cannot do (a malformed spec).
Result<> build_kernel(const program::KernelSpec& spec, Built& built);

}  // namespace resnetc::codegen::cpu
