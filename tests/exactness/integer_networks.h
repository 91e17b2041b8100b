/// \file Random networks that compute with integers, compared with the interpreter kernel by kernel.
#pragma once

#include <cstdint>
#include <string>

#include "codegen/kernels.h"

namespace resnetc::exactness {

struct IntegerResult {
  std::string text;            ///< the network
  std::string why;             ///< the fault that was found; empty if there is none
  size_t kernels = 0;          ///< of the program
  size_t integer_kernels = 0;  ///< those that make integers and were compared
};

/// Gives the random network of the seed the ranges that its values have for generated pictures, makes integers of them, compiles it for the
/// target and runs it. Every kernel's integers must be the interpreter's (ir/quantized.h), and the outputs the same for a batch on two
/// threads and for each picture alone on one. Every second network has edited schedules, and every eighth is no random one but has
/// projections of whole vectors of channels.
IntegerResult check_with_integers(uint64_t seed, const Target& target, const Machine& machine, const codegen::KernelOptions& kernels);

}  // namespace resnetc::exactness
