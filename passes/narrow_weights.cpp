/// \file Wraps the recipes of weights.
#include "passes/narrow_weights.h"

namespace resnetc::passes {

void narrow_weights(graph::Graph& graph, PassContext& context) {
  if (context.weights_element == ElementType::f32) return;
  const auto narrowed = [&](RecipePtr& weight) {
    if (weight->kind != RecipeKind::narrow) weight = narrow(weight, context.weights_element);
  };
  for (graph::Op& op : graph.ops) {
    if (op.kind == OpKind::conv2d || op.kind == OpKind::linear) narrowed(op.constants[0]);
    for (graph::Step& step : op.epilogue) {
      if (step.kind == graph::StepKind::project) narrowed(step.constants[0]);
    }
  }
}

}  // namespace resnetc::passes
