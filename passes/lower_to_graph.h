/// \file lower-to-graph: turns blocks and skip edges into tensor operations in execution order.
#pragma once

#include "ir/graph.h"
#include "ir/topology.h"
#include "passes/context.h"

namespace resnetc::passes {

/// A skip edge becomes the operations of its list and an `add`, and a gate those of its list and a `mul`. Weights become recipes that name
/// the checkpoint's tensors, and a bias becomes an epilogue step. All values must have types.
graph::Graph lower_to_graph(const topology::Network& network, PassContext& context);

}  // namespace resnetc::passes
