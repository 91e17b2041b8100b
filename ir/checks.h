/// \file Checks that the verifiers of the three IRs share. Each returns the fault, or nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/input_buffer.h"
#include "ir/op.h"
#include "ir/recipe.h"

namespace resnetc::checks {

using Fault = std::optional<std::string>;

/// The fault of a project step that is in no convolution's epilogue or stands behind what is no sum.
inline constexpr std::string_view misplaced_projection =
    "a projection can only stand in the epilogue of a convolution, behind nothing but sums (bias, add, project)";

/// `what` in the fault is e.g. "the network's name".
Fault identifier(std::string_view what, std::string_view name);
/// A network's input, whose value has the type `value`.
Fault input(const InputBuffer& input, const TensorType& value);
/// Values are of f32: no kernel computes with anything else.
Fault computable(const TensorType& type);
/// Attributes that the operation does not have must keep their defaults.
Fault attributes(OpKind kind, const OpAttributes& attributes);
/// The operation's own rule, and that its result has the type `result`.
Fault result_type(OpKind kind, const OpAttributes& attributes, std::span<const TensorType> operands, const TensorType& result);
/// What `what`'s shape is, and is to be.
Fault shape(std::string_view what, const std::vector<int64_t>& shape, const std::vector<int64_t>& wanted);
/// A recipe that is there and has this shape.
Fault recipe_shape(std::string_view what, const RecipePtr& recipe, const std::vector<int64_t>& wanted);

}  // namespace resnetc::checks
