/// \file The steps of an epilogue, known to graphs, programs and kernels: one table says each one's name, operand and constants.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ir/op.h"

namespace resnetc::graph {

enum class StepKind {
  bias,     ///< x + bias[c]
  affine,   ///< x * scale[c] + shift[c]
  add,      ///< x + operand, of equal type
  mul,      ///< x * operand, of equal type or of rank 2 and spread over height and width
  project,  ///< x + 1x1 convolution of the operand: a projection shortcut, summed where its convolution is (see projection())
  relu,     ///< NaN kept
  sigmoid,
};

/// One line of the table of steps.
struct StepInfo {
  StepKind kind{};
  std::string_view name{};                        ///< in IR text
  std::optional<OpKind> op{};                     ///< the operation that becomes this step where it is fused; bias and project have none
  bool operand = false;                           ///< whether it reads another tensor; its type is that of the operation's second operand
  bool elementwise = false;                       ///< of that tensor it reads, for each element of the result, the one in its place
  std::span<const std::string_view> constants{};  ///< their names in graph text; each has one element a channel, but for a weight
};

std::span<const StepInfo> all_steps();
const StepInfo& info(StepKind kind);
std::optional<StepKind> step_named(std::string_view name);
/// The step that an operation can become: nothing unless it works element by element.
std::optional<StepKind> step_of(OpKind op);

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

/// As in the text form.
std::string_view to_string(StepKind kind);

}  // namespace resnetc::graph
