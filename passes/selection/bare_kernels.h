/// \file Kernels that are complete but for their schedules and constants. Their tensors have the numbers of the graph's values.
#pragma once

#include <vector>

#include "ir/graph.h"
#include "ir/program.h"

namespace resnetc::passes {

/// The kernel that computes a value, and ends with `pool` unless that is no_value.
program::Kernel bare_kernel(const graph::Graph& graph, graph::ValueId value, graph::ValueId pool);

/// The kernel that stores an output.
program::Kernel bare_store(const graph::Graph& graph, size_t port);

}  // namespace resnetc::passes
