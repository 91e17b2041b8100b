/// \file check-skips: the two values that meet at a skip edge or a gate must have exactly the same dimensions.
#pragma once

#include "ir/topology.h"
#include "passes/context.h"

namespace resnetc::passes {

/// The language's main promise. A mismatch is an error at the edge that names both values and both shapes, shows at each end the layer that
/// last changed what differs, and offers a mend. Needs the types of infer-shapes; ends without a type are passed over.
void check_skips(const topology::Network& network, PassContext& context);

}  // namespace resnetc::passes
