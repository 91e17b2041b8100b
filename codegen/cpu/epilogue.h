/// \file The epilogue of a kernel: what is done to each element between its computation and its one store.
#pragma once

#include "codegen/cpu/operands.h"

namespace resnetc::codegen::cpu {

/// Applies the spec's steps in order to `value`, the element at `axes`, and adds their operands to the kernel's arguments.
Expr apply_epilogue(const program::KernelSpec& spec, Expr value, const Axes& axes, Operands& operands);

}  // namespace resnetc::codegen::cpu
