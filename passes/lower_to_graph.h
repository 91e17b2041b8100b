/// \file lower-to-graph: from blocks and skip edges to tensor operations in execution order.
#pragma once

#include "ir/graph.h"
#include "ir/topology.h"
#include "passes/context.h"

namespace resnetc::passes {

/// A skip edge becomes its list's operations and an `add`, a gate a `mul`. Weights become recipes that name the checkpoint's tensors, a
/// bias an epilogue step. Needs types throughout.
graph::Graph lower_to_graph(const topology::Network& network, PassContext& context);

}  // namespace resnetc::passes
