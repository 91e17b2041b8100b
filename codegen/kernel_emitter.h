/// \file The interface to the makers of a kernel's machine code and texts. Worker processes and the cache use Halide only through it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "codegen/kernels.h"
#include "support/failure.h"

namespace resnetc::codegen {

/// Turns a kernel's spec into code for a target. The result depends only on the job, the symbol, this build of resnetc and version(). Only
/// worker processes call object() and texts(), and each process makes only one call (see cpu/build_kernel.h).
class KernelEmitter {
 public:
  virtual ~KernelEmitter() = default;

  /// The version of the parts that make the code but are not in resnetc's own executable. Caches distinguish objects by it.
  virtual std::string version() const = 0;

  /// Writes a relocatable object to the file at `path`, with the entry `symbol + "_argv"`, whose calling convention is in
  /// codegen/kernels.h. Fails if the emitter refuses the kernel.
  virtual Result<> object(const KernelJob& job, const std::string& symbol, const std::string& path) const = 0;

  /// Makes one text for each kind, in the order of the kinds; empty if the kernel has no text of that kind. Fails if the emitter refuses
  /// the kernel.
  virtual Result<std::vector<std::string>> texts(const KernelJob& job, const std::string& symbol,
                                                 std::span<const KernelText> kinds) const = 0;
};

/// The emitter that all kernels have at present.
const KernelEmitter& halide_emitter();

/// The emitter of this kernel.
const KernelEmitter& emitter_of(const KernelJob& job);

}  // namespace resnetc::codegen
