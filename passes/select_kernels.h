/// \file select-kernels: from tensor operations to kernels with layouts and schedules for one target.
///
/// Each operation becomes one kernel; operations that work element by element become a copy with that step in its epilogue. Layout: a
/// tensor's halo is the widest padding any convolution reads it with (pools clip their windows instead); its channels are rounded up to
/// whole vectors, except for the network's input where only convolutions read it. Offsets come later, from plan-memory.
#pragma once

#include <optional>

#include "ir/graph.h"
#include "ir/program.h"
#include "passes/context.h"

namespace resnetc::passes {

std::optional<program::Program> select_kernels(const graph::Graph& graph, PassContext& context);

}  // namespace resnetc::passes
