/// \file fold-batch-norm: makes a batch norm part of the convolution before it.
#pragma once

#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

/// With s = weight / sqrt(running_var + eps), the convolution's rows (a transposed one's columns) are multiplied by s, and its bias becomes
/// (b - running_mean) * s + bias. These are recipes, so they are computed in float64 and need no weights now. The pass refuses, with a
/// remark that says why, if the convolution's own output has another use or if the convolution has taken a batch norm before. Such a batch
/// norm, and one after any other operation, becomes an `affine` of s and bias - running_mean * s.
void fold_batch_norm(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
