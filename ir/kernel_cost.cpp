/// \file What a kernel has to do and to move, from its schedule and layouts.
#include "ir/program.h"
#include "ir/strassen.h"
#include "ir/winograd.h"

namespace resnetc::program {

namespace {

/// Of all projections in the epilogue.
int64_t projected_channels(const Program& program, const Kernel& kernel) {
  int64_t channels = 0;
  for (const Step& step : kernel.epilogue) {
    if (step.kind == graph::StepKind::project) channels += program.tensor(step.operand).type.channels;
  }
  return channels;
}

int64_t multiply_adds_on_values(const Program& program, const Kernel& kernel) {
  switch (kernel.schedule.algorithm) {
    case Algorithm::winograd: {
      const WinogradForm form = *winograd_form(kernel.attributes, program.tensor(kernel.in).type.channels);
      const Winograd& by = *winograd(form, kernel.schedule.output);
      const TensorType out = computed_type(spec_of(program, kernel));
      const int64_t tiles = ((out.height + by.output - 1) / by.output) * ((out.width + by.output - 1) / by.output);
      return by.products() * by.products() * tiles * form.summed * out.channels + out.elements() * projected_channels(program, kernel);
    }
    case Algorithm::strassen: {
      const TensorType& out = program.tensor(kernel.out).type;
      const int64_t channels = program.tensor(kernel.in).type.channels + projected_channels(program, kernel);
      return strassen::products * ((out.width + 1) / 2) * out.height * (channels / 2) * (whole_vectors(out.channels) / 2);
    }
    case Algorithm::general:
    case Algorithm::direct:
    case Algorithm::threads: break;
  }
  return kernel.multiply_adds;
}

}  // namespace

KernelCost cost_of(const Program& program, const Kernel& kernel) {
  KernelCost cost;
  cost.multiply_adds = multiply_adds_on_values(program, kernel);
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
