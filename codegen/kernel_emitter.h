/// \file What makes machine code and texts of a kernel. Worker processes and the cache know no more of Halide than this.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "codegen/kernels.h"
#include "support/failure.h"

namespace resnetc::codegen {

/// Turns a kernel's spec into code for a target. What an emitter makes depends on the job, the symbol, this build of resnetc and version()
/// alone. Only worker processes call object() and texts(), once in each (see cpu/build_kernel.h).
class KernelEmitter {
 public:
  virtual ~KernelEmitter() = default;

  /// Of what makes the code and is not in resnetc's own executable; caches tell objects by it.
  virtual std::string version() const = 0;

  /// Writes a relocatable object to the file at `path`, with the entry `symbol + "_argv"`, whose calling convention is in
  /// codegen/kernels.h. Fails if the emitter refuses.
  virtual Result<> object(const KernelJob& job, const std::string& symbol, const std::string& path) const = 0;

  /// One text a kind, in their order; empty where the kernel has none of that kind. Fails if the emitter refuses.
  virtual Result<std::vector<std::string>> texts(const KernelJob& job, const std::string& symbol,
                                                 std::span<const KernelText> kinds) const = 0;
};

/// Every kernel's, now.
const KernelEmitter& halide_emitter();

/// The emitter of this kernel.
const KernelEmitter& emitter_of(const KernelJob& job);

}  // namespace resnetc::codegen
