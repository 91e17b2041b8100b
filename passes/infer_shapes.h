/// \file infer-shapes: gives every value of a topology its type.
#pragma once

#include "ir/topology.h"
#include "passes/context.h"

namespace resnetc::passes {

/// Types follow from the input's through each layer's rule. If a layer cannot take its operand, the error is at the layer and says where
/// the operand's shape comes from. Values that depend on such a layer stay without a type and cause no further errors. A skip or gate has
/// the type of the current value, and a concat edge one with more channels, or none if its ends do not fit: check-skips checks whether the
/// two ends of an edge agree.
void infer_shapes(topology::Network& network, PassContext& context);

}  // namespace resnetc::passes
