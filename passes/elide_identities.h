/// \file elide-identities: removes blocks whose residual branch is zero, because they compute the identity.
#pragma once

#include "ir/topology.h"
#include "passes/context.h"

namespace resnetc::passes {

/// The pass acts only when the context has weights. It looks for blocks whose bare skip edge adds the block's input to a branch of layers
/// that makes zeros: the branch ends in a batch norm whose weight and bias are all zero, or in a convolution or linear layer of zeros, and
/// its other weights are finite (so that it makes zeros as long as its activations are finite). If no value of the branch is used
/// elsewhere, the pass removes the branch and the edge. It also removes the ReLU after them if the ReLU's input is provably not negative.
/// The pass sets context.depends_on_values.
void elide_identities(topology::Network& network, PassContext& context);

}  // namespace resnetc::passes
