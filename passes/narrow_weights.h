/// \file narrow-weights: weights of half the size.
#pragma once

#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

/// Rounds the weights of convolutions, linear layers and projections to PassContext::weights_element, bf16 or f16; does nothing if that is
/// f32. Arithmetic stays in float32, and so do biases, which are small.
void narrow_weights(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
