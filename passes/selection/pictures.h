/// \file The one place where lines become pictures: kernels, layouts and schedules know no lines.
#pragma once

#include "ir/graph.h"

namespace resnetc::passes {

/// The graph with each line as the picture of height 1 that it is in memory. Only the input's buffer keeps its type, as callers see it.
graph::Graph with_lines_as_pictures(graph::Graph graph);

}  // namespace resnetc::passes
