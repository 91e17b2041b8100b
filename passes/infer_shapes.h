/// \file infer-shapes: gives every value of a topology its type.
#pragma once

#include "ir/topology.h"
#include "passes/context.h"

namespace resnetc::passes {

/// Types follow from the input's through each layer's rule. Where a layer cannot take its operand, the error stands at the layer and names
/// where the operand's shape comes from; what depends on it stays without a type and is not reported again. A skip or gate has the type of
/// the current value: whether the two ends agree is check-skips' question.
void infer_shapes(topology::Network& network, PassContext& context);

}  // namespace resnetc::passes
