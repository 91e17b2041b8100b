/// \file One kernel from spec to object or text, in this process. Only a worker calls these: see cpu/build_kernel.h.
#pragma once

#include <span>
#include <string>

#include "codegen/kernels.h"

namespace resnetc::codegen {

/// Writes the kernel's object to the file at `path`. False and the reason in `why` when Halide refuses.
bool emit_kernel(const KernelJob& job, const std::string& symbol, const std::string& path, std::string& why);

/// Writes the kernel's texts of these kinds to the file at `path`, one after the other, each with its length before it:
/// split_texts() takes them apart.
bool emit_texts(const KernelJob& job, const std::string& symbol, std::span<const KernelText> kinds, const std::string& path,
                std::string& why);
std::vector<std::string> split_texts(const std::string& joined);

/// Halide's version: part of what kernels depend on.
std::string halide_version();

}  // namespace resnetc::codegen
