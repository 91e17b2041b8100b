/// \file The steps of an epilogue, known to graphs, programs and kernels: operations that read one element of the value at hand. Which they
/// are, and what they read besides, is in the table of operations (ir/op.h).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ir/op.h"

namespace resnetc::graph {

/// An operation whose OpInfo says step().
using StepKind = OpKind;

/// First those that read constants, then those that read another tensor, then the rest.
std::span<const OpInfo> all_steps();
std::optional<StepKind> step_named(std::string_view name);
/// Whether an operation of a graph can become a step: nothing unless it works element by element.
bool is_step(OpKind op);

/// What a kernel works on, at most: the tensors that it reads, its constants, and the tensor that it writes. The runtime passes no more.
inline constexpr int max_operands = 12;
/// The operands that a step adds to its kernel: the tensor that it reads, and its constants.
int operands_of(StepKind step);

/// Whether a step may stand behind `before`, that of a projection or another: a projection is summed together with the convolution whose
/// epilogue it is in, so nothing but sums comes before it.
bool may_precede_projection(StepKind before);

/// The convolution that a project step adds, to a result of so many channels: 1x1, stride 1, no padding, one group; weight
/// [channels, ci, 1, 1]. (He et al., https://arxiv.org/abs/1512.03385, equation 2.)
OpAttributes projection(int64_t channels);

}  // namespace resnetc::graph
