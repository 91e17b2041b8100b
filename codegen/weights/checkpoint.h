/// \file A checkpoint beside the tensors that a network reads: whether it has them, under which names, and what it has besides.
#pragma once

#include <vector>

#include "codegen/weights/safetensors.h"
#include "ir/recipe.h"
#include "support/diagnostics.h"

namespace resnetc::codegen {

/// What tensors are that nothing reads. `num_batches_tracked` of batch norms is never worth a word.
enum class Unread { fine, warning, error };

/// Whether the checkpoint holds each of the `wanted` tensors, in a type that can be read. If not, errors say why: where most of what is
/// missing is there under a prefix, or without one, it is one error that tells the prefix; else an error for each tensor, up to a few. A
/// tensor with a NaN or an infinity gets a warning.
bool matches(const Safetensors& checkpoint, const std::vector<TensorRef>& wanted, Unread unread, Diagnostics& diagnostics);

}  // namespace resnetc::codegen
