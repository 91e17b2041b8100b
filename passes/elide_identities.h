/// \file elide-identities: a block whose residual branch is zero is the identity, and leaves the program.
#pragma once

#include "ir/topology.h"
#include "passes/context.h"

namespace resnetc::passes {

/// Acts only when the context has weights. Where a block's bare skip edge adds the block's input to a branch of layers that ends in a batch
/// norm whose weight and bias are all zero, or in a convolution or linear layer of zeros, whose other weights are finite (so that it makes
/// zeros as long as its activations are finite), and no value of the branch is used elsewhere, the branch and the edge go. The ReLU after
/// it goes too where its input is provably not negative. Sets context.depends_on_values.
void elide_identities(topology::Network& network, PassContext& context);

}  // namespace resnetc::passes
