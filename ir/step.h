/// \file The steps of an epilogue, which graphs, programs and kernels share. A step is an operation that reads one element of the value
/// that passes through the epilogue. The table of operations (ir/op.h) says which operations are steps and what else they read.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ir/op.h"

namespace resnetc::graph {

/// An operation whose OpInfo says step().
using StepKind = OpKind;

/// All steps of graphs: first those that read constants, then those that read another tensor, then the others.
std::span<const OpInfo> all_steps();
std::optional<StepKind> step_named(std::string_view name);
/// Whether an operation of a graph can become a step: only operations that work element by element can.
bool is_step(OpKind op);

/// The largest number of a kernel's operands: the tensors that it reads, its constants, and the tensor that it writes. The runtime passes
/// no more.
inline constexpr int max_kernel_operands = 16;
/// The same of an operation of a graph, without what makes numbers of integers and integers of numbers.
inline constexpr int max_operands = 12;
/// The largest number of steps of a kernel: an operation that is a step itself, its epilogue, and what makes numbers of integers and
/// integers of numbers.
inline constexpr size_t max_kernel_steps = 12;
/// The number of operands that a step adds to its kernel: the tensor that it reads, and its constants.
int operands_of(StepKind step);

/// Whether the step `before` may stand before a projection. A projection is summed together with the convolution that has it in its
/// epilogue, so only sums may stand before it.
bool may_precede_projection(StepKind before);

/// The convolution that a project step adds to a result with `channels` channels: 1x1, stride 1, no padding, one group, weight
/// [channels, ci, 1, 1]. (He et al., https://arxiv.org/abs/1512.03385, equation 2.)
OpAttributes projection(int64_t channels);

}  // namespace resnetc::graph
