/// \file select-kernels: turns tensor operations into kernels with layouts and schedules for one target.
///
/// Each operation becomes one kernel. An operation that works element by element becomes a copy with that step in its epilogue. A tensor's
/// halo is the widest padding of the convolutions that read it (pools clip their windows instead). Its channels are rounded up to whole
/// vectors, except for a network's input that only convolutions read. plan-memory adds the offsets later.
#pragma once

#include <optional>

#include "ir/graph.h"
#include "ir/program.h"
#include "passes/context.h"

namespace resnetc::passes {

std::optional<program::Program> select_kernels(const graph::Graph& with_lines, PassContext& context);

}  // namespace resnetc::passes
