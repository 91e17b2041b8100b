/// \file narrow-values: values of half the size.
#pragma once

#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

/// Gives pictures PassContext::values_element, bf16; does nothing if that is f32. Each is rounded once, when it is stored: sums and
/// epilogues stay in float32. The network's input, its outputs, vectors, and what shares memory with one of these keep f32.
void narrow_values(graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
