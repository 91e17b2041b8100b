/// \file From a KernelSpec to a scheduled Halide pipeline for x86-64. Only worker processes call this: Halide numbers names from global
/// counters that reach the object, so each pipeline is built in a process that has built none before.
#pragma once

#include <Halide.h>

#include <memory>
#include <string>
#include <vector>

#include "ir/program.h"

namespace resnetc::codegen::cpu {

/// A pipeline with its arguments in the order of kernels.h, without the user context and the output.
struct Built {
  Halide::Func output;
  std::vector<Halide::Argument> arguments;
  std::vector<std::shared_ptr<Halide::Internal::IRMutator>> passes;  ///< over the lowered statement
};

/// Builds the pipeline of a spec. Reports what the kernel library cannot do (a malformed spec) in `why`.
bool build_kernel(const program::KernelSpec& spec, Built& built, std::string& why);

}  // namespace resnetc::codegen::cpu
