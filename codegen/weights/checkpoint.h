/// \file Compares a checkpoint with the tensors that a network reads: which of them it has, under which names, and what else it has.
#pragma once

#include <vector>

#include "codegen/weights/safetensors.h"
#include "ir/recipe.h"
#include "support/diagnostics.h"

namespace resnetc::codegen {

/// How tensors that nothing reads are reported. `num_batches_tracked` of batch norms is never reported.
enum class Unread { fine, warning, error };

/// Whether the checkpoint holds each of the `wanted` tensors in a type that can be read. If not, errors say why. If most of the missing
/// tensors exist with an additional prefix, or without one, there is one error that names the prefix. Otherwise there is an error for each
/// tensor, up to a few. A tensor with a NaN or an infinity gets a warning that names its first one; so do a few, and the rest are counted.
bool matches(const Safetensors& checkpoint, const std::vector<TensorRef>& wanted, Unread unread, Diagnostics& diagnostics);

}  // namespace resnetc::codegen
