/// \file Takes operations apart where they round.
#pragma once

#include <functional>

#include "ir/graph.h"

namespace resnetc::passes {

/// Asks for the end of an operation behind a `fake_quantize` of its epilogue. `step` is its number among graph::steps_with().
using EndsBehind = std::function<bool(const graph::Graph&, const graph::Op&, size_t step)>;

/// Wherever `ends` says so and more steps follow, an operation ends and its next step begins another, which keeps the name.
void split_behind_roundings(graph::Graph& graph, const EndsBehind& ends);

/// For a graph with integers: wherever `ends` says so, the operation ends with integers, and what it does next, if only to make numbers
/// again, is another operation. Operations that cannot make integers end before the rounding.
void end_with_integers(graph::Graph& graph, const EndsBehind& ends);

}  // namespace resnetc::passes
