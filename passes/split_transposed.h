/// \file split-transposed: makes a convolution of a transposed one.
#pragma once

#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

/// A transposed convolution of stride s makes s x s interleaved pictures, its phases, each of which is a convolution of stride 1
/// (ir/transposed.h). One convolution computes them all, with the weights that to_phases() makes, and a pixel_shuffle puts them together.
/// The steps of the transposed convolution become those of the shuffle. With stride 1 there is one phase, and the convolution is all.
void split_transposed(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
