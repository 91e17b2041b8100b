/// \file plan-memory: gives every tensor a place in one arena.
#pragma once

#include "ir/program.h"
#include "passes/context.h"

namespace resnetc::passes {

/// Tensors whose lives overlap get disjoint bytes. A kernel's output takes the place of an operand of the epilogue, or of a copy's input,
/// if this is the operand's last use, both have the same layout, and the kernel writes each element once (program::writes_once()). The
/// largest tensors are placed first, each at the lowest offset that is free during its whole life. Offsets are multiples of 64.
void plan_memory(program::Program& program, PassContext& context);

}  // namespace resnetc::passes
