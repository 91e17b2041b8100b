/// \file What the text, the verifier and the dumps of topologies share.
#pragma once

#include <string_view>

#include "ir/topology.h"

namespace resnetc::topology {

/// Nodes may lie this deep inside one another: everything that walks a topology may recurse.
inline constexpr int max_nesting = 256;

std::string_view to_string(BlockKind kind);

}  // namespace resnetc::topology
