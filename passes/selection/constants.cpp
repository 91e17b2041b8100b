/// \file Packing the weights of kernels, and numbering them.
#include "passes/selection/constants.h"

#include "ir/packing.h"

namespace resnetc::passes {

using graph::StepKind;

program::ConstantId ConstantTable::constant(const RecipePtr& recipe) {
  const auto [it, added] = known_.emplace(to_string(*recipe), static_cast<program::ConstantId>(program_.constants.size()));
  if (added) {
    program::Constant made;
    made.recipe = recipe;
    made.element = program::element_of(*recipe);
    made.offset = bytes_;
    bytes_ += (made.bytes() + 63) / 64 * 64;
    program_.constants.push_back(std::move(made));
  }
  return it->second;
}

void ConstantTable::add_to(program::Kernel& kernel, const graph::Op& op, const std::vector<graph::Step>& steps) {
  std::vector<RecipePtr> weights;
  if (kernel.kind == program::KernelKind::conv2d) weights.push_back(op.constants[0]);
  for (const graph::Step& step : steps) {
    if (step.kind == StepKind::project) weights.push_back(step.constants[0]);
  }
  if (!weights.empty()) weights = pack(weights, op.attributes, program_.tensor(kernel.in).type.channels, kernel.schedule);
  size_t projection = 1;
  for (size_t i = 0; i < steps.size(); ++i) {
    for (const RecipePtr& recipe : steps[i].constants) {
      const bool matrix = steps[i].kind == StepKind::project;
      kernel.epilogue[i].constants.push_back(constant(matrix ? weights[projection++] : pack_vector(recipe)));
    }
  }
  if (!weights.empty()) kernel.weight = constant(weights.front());
}

}  // namespace resnetc::passes
