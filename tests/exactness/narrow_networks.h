/// \file Random networks that compute with integers or bf16, compared with the interpreter kernel by kernel.
#pragma once

#include <cstdint>
#include <string>

#include "codegen/kernels.h"

namespace resnetc::exactness {

struct NarrowResult {
  std::string text;           ///< the network
  std::string why;            ///< the fault that was found; empty if there is none
  size_t kernels = 0;         ///< of the program
  size_t narrow_kernels = 0;  ///< those that make integers or bf16
};

/// Compiles the random network of the seed for the target and runs it. With integers, its values have the ranges that they have for
/// generated pictures, and each kernel's integers must be the interpreter's (ir/quantized.h). With bf16, each element must be the
/// interpreter's or its neighbour. The outputs must be the same for a batch on two threads and for each picture alone on one. Every second
/// network has edited schedules, and every eighth is no random one but has projections of whole vectors of channels.
NarrowResult check_narrow(uint64_t seed, Arithmetic arithmetic, const Target& target, const Machine& machine,
                          const codegen::KernelOptions& kernels);

}  // namespace resnetc::exactness
