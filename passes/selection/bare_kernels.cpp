/// \file From operations to kernels without schedules and constants.
#include "passes/selection/bare_kernels.h"

#include "passes/selection/steps.h"

namespace resnetc::passes {

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
  for (const graph::Step& from : steps_of(graph, op)) {
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
