/// \file Names that the text, the verifier and the dumps of graphs share.
#pragma once

#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace resnetc::graph {

/// The names of the constants in Op::constants, in order.
std::vector<std::string_view> constant_names(OpKind kind);

}  // namespace resnetc::graph
