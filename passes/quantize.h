/// \file quantize: computes with integers of 8 bits what the ranges of values allow (ir/quantized.h).
#pragma once

#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

/// Does nothing without PassContext::ranges. Otherwise every value becomes quantized that has a range and that a convolution or linear
/// layer reads, directly or through operations that choose, move, average or join elements. The weights of the readers become integers with
/// a step for each output channel. Where a float operation reads a quantized value, a `convert` stands between; so do outputs.
///
/// Values that an operation only moves, and all parts of a concatenation, share one range, which covers theirs. Layers of
/// PassContext::keep_float stay in float. Remarks say which layers stay, and why, and what the integers of the
/// others reach, with what was measured of them.
void quantize(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
