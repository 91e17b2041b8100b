/// \file fold-batch-norm: a batch norm becomes part of the convolution before it.
#pragma once

#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

/// With s = weight / sqrt(running_var + eps): the convolution's rows are multiplied by s, its bias becomes (b - running_mean) * s + bias.
/// As recipes, so in float64 and without the weights at hand. Refused, with a remark that says why, where the convolution's own output has
/// another use or it has taken a batch norm before; such a batch norm, and one after anything else, becomes an `affine` of s and
/// bias - running_mean * s.
void fold_batch_norm(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
