/// \file What was measured for kernels (--tuned), beside what the model chooses.
#pragma once

#include <vector>

#include "ir/algorithms/implementation.h"
#include "ir/graph.h"
#include "ir/program.h"
#include "passes/context.h"
#include "passes/selection/choices.h"

namespace resnetc::passes {

/// Of each value of a graph, what was measured for its convolution; null where there is nothing.
using TunedValues = std::vector<const program::TunedKernel*>;

/// Finds it in the context's tuned schedules. `laid_out` has the tensors of the values. A schedule that its convolution cannot have is an
/// error.
TunedValues find_tuned(const graph::Graph& graph, const KernelChoices& choices, const program::Program& laid_out, PassContext& context);

/// Chooses the algorithms of what was measured, as far as there is room for its weights. Layouts are made already: a first layer over
/// phases, whose input is laid out for them, stays as it is.
void prefer_tuned(const TunedValues& tuned, const PassContext& context, KernelChoices& choices);

/// The schedule that was `measured` for the convolution `op`, where that is of the chosen algorithm; otherwise `modelled`, with the reason
/// why not the other.
program::ScheduleChoice tuned_or(program::ScheduleChoice modelled, const program::TunedKernel& measured, const graph::Graph& graph,
                                 const graph::Op& op, const program::AlgorithmChoice& chosen, const PassContext& context);

}  // namespace resnetc::passes
