/// \file The arithmetic and memory traffic of a kernel, computed from its schedule and layouts.
#include "ir/algorithms/implementation.h"

namespace resnetc::program {

KernelCost cost_of(const Program& program, const Kernel& kernel) {
  KernelCost cost;
  cost.multiply_adds = implementation_of(kernel.schedule).multiply_adds(spec_of(program, kernel), kernel.multiply_adds);
  if (kernel.weight != none) cost.weight_bytes += program.constant(kernel.weight).bytes();
  for (const Step& step : kernel.epilogue) {
    for (ConstantId id : step.constants) cost.weight_bytes += program.constant(id).bytes();
  }
  for (TensorId id : reads(kernel)) cost.tensor_bytes += program.tensor(id).picture_bytes();
  if (kernel.out != none) cost.tensor_bytes += program.tensor(kernel.out).picture_bytes();
  if (kernel.kind == KernelKind::load) cost.tensor_bytes += program.input.type.bytes();
  if (kernel.kind == KernelKind::store) cost.tensor_bytes += program.outputs[static_cast<size_t>(kernel.port)].type.bytes();
  return cost;
}

}  // namespace resnetc::program
