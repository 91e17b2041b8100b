/// \file check-skips: the two values that meet at an edge must have exactly the same dimensions, unless the edge spreads one of them.
#pragma once

#include "ir/topology.h"
#include "passes/context.h"

namespace resnetc::passes {

/// This check is the language's main promise. A mismatch is an error at the edge. It names both values and both shapes, shows at each end
/// the layer that last changed the dimension that differs, and offers a fix. The pass needs the types of infer-shapes and ignores ends
/// without a type.
void check_skips(const topology::Network& network, PassContext& context);

}  // namespace resnetc::passes
