/// \file plan-memory: a place in one arena for every tensor.
#pragma once

#include "ir/program.h"
#include "passes/context.h"

namespace resnetc::passes {

/// Tensors whose lives overlap get disjoint bytes. A kernel's output takes the place of an epilogue operand, or a copy's of its input, that
/// is read here for the last time, has the same layout, and is written once an element (program::writes_once). Then the largest tensors are
/// placed first, each at the lowest offset that is free for its whole life. Offsets are multiples of 64.
void plan_memory(program::Program& program, PassContext& context);

}  // namespace resnetc::passes
