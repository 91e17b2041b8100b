/// \file Turns lines into pictures. Windows along lines are already windows of one row, so only types and weights change.
#include "passes/selection/pictures.h"

namespace resnetc::passes {

graph::Graph with_lines_as_pictures(graph::Graph graph) {
  for (graph::Op& op : graph.ops) {
    if (!op.type.is_line()) continue;
    if (op.kind == OpKind::conv2d) op.constants[0] = as_picture(op.constants[0]);
    for (graph::Step& step : op.epilogue) {
      if (step.kind == graph::StepKind::project) step.constants[0] = as_picture(step.constants[0]);
    }
    op.attributes.line = false;
    op.type = op.type.as_picture();
  }
  return graph;
}

}  // namespace resnetc::passes
