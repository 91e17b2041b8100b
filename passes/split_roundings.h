/// \file Takes operations apart where they round.
#pragma once

#include <functional>

#include "ir/graph.h"

namespace resnetc::passes {

/// Wherever `should` holds for an operation and the number of a `fake_quantize` among its steps (graph::steps_with()) that is not the first
/// thing that it does, the operation ends before that step, which begins another. The second keeps the name.
void split_roundings(graph::Graph& graph, const std::function<bool(const graph::Graph&, const graph::Op&, size_t step)>& should);

}  // namespace resnetc::passes
