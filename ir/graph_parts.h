/// \file Names that the text, the verifier and the dumps of graphs and programs share.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace resnetc::graph {

/// What Op::constants holds, in order.
std::vector<std::string_view> constant_names(OpKind kind);
std::optional<StepKind> step_named(std::string_view name);

}  // namespace resnetc::graph
