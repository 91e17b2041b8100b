/// \file A limit that the text, the verifier and the dumps of topologies share.
#pragma once

#include <string_view>

#include "ir/topology.h"

namespace resnetc::topology {

/// The largest nesting depth of nodes. It allows code that walks a topology to recurse.
inline constexpr int max_nesting = 256;

std::string_view to_string(BlockKind kind);

}  // namespace resnetc::topology
