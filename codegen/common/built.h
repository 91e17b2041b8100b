/// \file The result of a builder of kernels.
#pragma once

#include <Halide.h>

#include <memory>
#include <vector>

namespace resnetc::codegen::common {

/// A pipeline with its arguments in the order of codegen/kernels.h, without the user context and the output.
struct Built {
  Halide::Func output;
  std::vector<Halide::Argument> arguments;
  std::vector<std::shared_ptr<Halide::Internal::IRMutator>> passes;  ///< passes over the lowered statement
};

}  // namespace resnetc::codegen::common
