/// \file The options that say with how many bits a network is computed, shared by all commands that compile.
#pragma once

#include <string>

#include "ir/element_type.h"

namespace resnetc::driver {

class Command;

struct PrecisionOptions {
  std::string weights;  ///< --weights-precision; empty: f32

  ElementType weights_element() const { return element_named(weights).value_or(ElementType::f32); }
};

inline constexpr const char* weights_precision_of_cpus = "--weights-precision is for kernels of the CPU";

/// `options` must live as long as the command.
void add_precision_options(Command command, PrecisionOptions& options);

}  // namespace resnetc::driver
