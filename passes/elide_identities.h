/// \file elide-identities: a block whose residual branch is zero is the identity, and leaves the program.
#pragma once

#include "ir/topology.h"
#include "passes/pipeline.h"

namespace resnetc::passes {

/// Acts only when the context has weights. Where a block's bare skip edge adds its input to a batch norm whose weight and bias are all zero
/// (and whose statistics are finite, so that for finite activations its result is zero), and no value of the branch is used elsewhere, the
/// branch and the edge go. The ReLU after it goes too where its input is provably not negative. Sets context.depends_on_values.
void elide_identities(topology::Network& network, PassContext& context);

}  // namespace resnetc::passes
