/// \file A warning for layers and edges that do nothing for the network's outputs.
#pragma once

#include "frontend/scope.h"
#include "ir/topology.h"

namespace resnetc {

/// Warns of each layer and edge whose value no other one reads and no output is. Only a `from` can leave such a value behind.
void warn_of_unused_values(const topology::Network& network, Reporter& reporter);

}  // namespace resnetc
