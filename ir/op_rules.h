/// \file The rules of operations that the table in op.cpp names: the type of an operation's result, and its weights.
#pragma once

#include <span>
#include <vector>

#include "ir/op.h"

namespace resnetc::op_rules {

// The type of the result, for as many operands as the operation has. A failure says in the user's words what does not fit. Several
// operations share a rule.

Result<TensorType> type_of_convolution(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_transposed(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_batch_norm(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_softmax(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_pool(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_global_pool(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_linear(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_padding(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_pair(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_slice(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_flatten(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_unflatten(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_join_rows(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_transpose(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_pad(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_upsample(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_pixel_shuffle(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_pixel_unshuffle(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_channel_shuffle(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_spread(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_concatenation(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_clip(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);
Result<TensorType> type_of_norm(const OpInfo&, const OpAttributes&, std::span<const TensorType> operands);

// The tensors that a checkpoint holds for an operation on an operand of this type.

std::vector<WeightSpec> weights_of_convolution(const OpInfo&, const OpAttributes&, const TensorType& operand);
std::vector<WeightSpec> weights_of_transposed(const OpInfo&, const OpAttributes&, const TensorType& operand);
std::vector<WeightSpec> weights_of_linear(const OpInfo&, const OpAttributes&, const TensorType& operand);
std::vector<WeightSpec> weights_of_batch_norm(const OpInfo&, const OpAttributes&, const TensorType& operand);
std::vector<WeightSpec> weights_of_step(const OpInfo&, const OpAttributes&, const TensorType& operand);
std::vector<WeightSpec> weights_of_norm(const OpInfo&, const OpAttributes&, const TensorType& operand);

}  // namespace resnetc::op_rules
