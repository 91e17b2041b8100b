/// \file Checks that the verifiers of the three IRs share. Each check returns the fault that it found, or nothing.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/input_buffer.h"
#include "ir/op.h"
#include "ir/recipe.h"

namespace resnetc {

/// What is wrong with a part of an IR, or nothing.
using Fault = std::optional<std::string>;

}  // namespace resnetc

namespace resnetc::checks {

/// The fault of a project step outside a convolution's epilogue, or behind a step that is no sum.
inline constexpr std::string_view misplaced_projection =
    "a projection can only stand in the epilogue of a convolution, behind nothing but sums (bias, add, project)";

/// Checks that each `rescale` among the steps of an epilogue stands between sums of integers, directly before a projection. Sums begin with
/// their bias, so before a `rescale` only the first step is one. `sums_integers` says whether the steps follow sums of integers.
Fault rescaling(std::span<const OpKind> steps, bool sums_integers);
/// The same for the steps of a graph's or a program's epilogue.
template <class Step>
Fault rescaling(const std::vector<Step>& steps, bool sums_integers) {
  std::vector<OpKind> kinds;
  for (const Step& step : steps) kinds.push_back(step.kind);
  return rescaling(std::span<const OpKind>(kinds), sums_integers);
}
/// Checks that `name` is an identifier. `what` names the thing in the fault: "the network's name".
Fault identifier(std::string_view what, std::string_view name);
/// Checks that a text which is only for people has no control characters (support/printable.h). `what` names the text in the fault.
Fault printable(std::string_view what, std::string_view text);
/// Checks a network's input; `value` is the type of the value that the network reads.
Fault input(const InputBuffer& input, const TensorType& value);
/// Checks that kernels compute with elements of the type: f32, and with `bf16_too` bf16. Quantized values are another matter.
Fault computable(const TensorType& type, bool bf16_too);
/// Checks that attributes which the operation does not have keep their defaults.
Fault attributes(OpKind kind, const OpAttributes& attributes);
/// Checks that no attribute exists in topologies only.
Fault lowered(const OpAttributes& attributes);
/// Checks that the operands satisfy the operation's rule and that the rule gives the type `result`.
Fault result_type(OpKind kind, const OpAttributes& attributes, std::span<const TensorType> operands, const TensorType& result);
/// Compares the shape of `what` with the shape that it must have.
Fault shape(std::string_view what, const std::vector<int64_t>& shape, const std::vector<int64_t>& wanted);
/// Checks that the recipe exists and has the shape `wanted`.
Fault recipe_shape(std::string_view what, const RecipePtr& recipe, const std::vector<int64_t>& wanted);

}  // namespace resnetc::checks
