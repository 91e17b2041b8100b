/// \file One kernel from spec to object or text, in this process. Only a worker calls these: see cpu/build_kernel.h.
#pragma once

#include <string>

#include "codegen/kernels.h"

namespace resnetc::codegen {

enum class KernelOutput { object, stmt, llvm, assembly, ptx };

/// Writes the kernel in the form asked for to the file at `path`. False and the reason in `why` when Halide refuses.
bool emit_kernel(const KernelJob& job, const std::string& symbol, KernelOutput output, const std::string& path, std::string& why);

/// Halide's version: part of what kernels depend on.
std::string halide_version();

}  // namespace resnetc::codegen
