/// \file From operations to kernels without schedules and constants.
#include "passes/selection/bare_kernels.h"

namespace resnetc::passes {

std::vector<graph::Step> steps_of(const graph::Op& op) {
  std::vector<graph::Step> steps;
  if (graph::is_step(op.kind)) {
    steps.push_back({op.kind, op.operands.size() > 1 ? op.operands[1] : graph::no_value, op.constants});
  } else if (op.kind == OpKind::batch_norm) {
    const RecipePtr scale = mul(op.constants[0], rsqrt(op.constants[3], op.attributes.eps));
    steps.push_back({graph::StepKind::affine, graph::no_value, {scale, sub(op.constants[1], mul(op.constants[2], scale))}});
  }
  steps.insert(steps.end(), op.epilogue.begin(), op.epilogue.end());
  return steps;
}

program::Kernel bare_kernel(const graph::Graph& graph, graph::ValueId value, graph::ValueId pool) {
  const graph::Op& op = graph.op(value);
  program::Kernel kernel;
  kernel.kind = info(op.kind).kernel;
  kernel.name = op.name;
  kernel.attributes = op.attributes;
  if (op.kind == OpKind::batch_norm) kernel.attributes = {};  // it is a copy with an affine step, whose constants hold its attributes
  if (op.kind == OpKind::instance_norm) kernel.attributes.groups = op.type.channels;
  kernel.at = op.at;
  if (!op.operands.empty()) kernel.in = op.operands[0];
  kernel.out = value;
  for (const graph::Step& from : steps_of(op)) {
    program::Step& step = kernel.epilogue.emplace_back();
    step.kind = from.kind;
    if (from.operand != graph::no_value) step.operand = from.operand;
  }
  if (pool != graph::no_value) {
    kernel.name = graph.op(pool).name;
    kernel.out = pool;
    kernel.pool = graph.op(pool).attributes;
  }
  kernel.multiply_adds = graph::multiply_adds(graph, op);
  return kernel;
}

program::Kernel bare_store(const graph::Graph& graph, size_t port) {
  const graph::Output& output = graph.outputs[port];
  program::Kernel kernel;
  kernel.kind = program::KernelKind::store;
  kernel.name = output.name;
  kernel.in = output.value;
  kernel.port = static_cast<int32_t>(port);
  kernel.at = output.at;
  return kernel;
}

}  // namespace resnetc::passes
