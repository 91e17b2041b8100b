/// \file round-values: rounds values where a model that was quantized elsewhere rounds them.
#pragma once

#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

/// Does nothing without PassContext::ranges. For each value whose range says its integers (ValueRange::fixed), an operation `fake_quantize`
/// follows the one that makes the value, and everything else reads the result instead. It takes over the value's name, except for the
/// input's. What only moves or chooses elements is computed with rounded ones: the rounding stands before it, and rounding twice to the
/// same integers is left out.
void round_values(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
