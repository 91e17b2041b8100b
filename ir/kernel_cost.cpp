/// \file The arithmetic and memory traffic of a kernel, computed from its schedule and layouts.
#include "ir/algorithms/implementation.h"

namespace resnetc::program {

namespace {

/// The bytes of the tensor's own channels in a picture with its halo.
int64_t bytes_moved(const Tensor& tensor) {
  if (!tensor.is_part()) return tensor.picture_bytes();
  return tensor.picture_bytes() / tensor.channel_stride * tensor.stored_channels();
}

}  // namespace

KernelCost cost_of(const Program& program, const Kernel& kernel) {
  KernelCost cost;
  cost.multiply_adds = implementation_of(kernel.schedule).multiply_adds(spec_of(program, kernel), kernel.multiply_adds);
  if (kernel.weight != none) cost.weight_bytes += program.constant(kernel.weight).bytes();
  for (const Step& step : kernel.epilogue) {
    for (ConstantId id : step.constants) cost.weight_bytes += program.constant(id).bytes();
  }
  for (TensorId id : reads(kernel)) cost.tensor_bytes += bytes_moved(program.tensor(id));
  if (kernel.out != none) cost.tensor_bytes += bytes_moved(program.tensor(kernel.out));
  if (kernel.kind == KernelKind::load) cost.tensor_bytes += program.input.type.bytes();
  if (kernel.kind == KernelKind::store) cost.tensor_bytes += program.outputs[static_cast<size_t>(kernel.port)].type.bytes();
  return cost;
}

}  // namespace resnetc::program
