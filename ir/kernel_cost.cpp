/// \file What a kernel has to do and to move, from its schedule and layouts.
#include "ir/program.h"
#include "ir/strassen.h"
#include "ir/winograd.h"

namespace resnetc::program {

KernelCost cost_of(const Program& program, const Kernel& kernel) {
  KernelCost cost;
  cost.multiply_adds = kernel.multiply_adds;
  if (kernel.schedule.algorithm == Algorithm::winograd) {
    const WinogradForm form = *winograd_form(kernel.attributes, program.tensor(kernel.in).type.channels);
    const Winograd& by = *winograd(form, kernel.schedule.output);
    const TensorType out = computed_type(spec_of(program, kernel));
    const int64_t tiles = ((out.height + by.output - 1) / by.output) * ((out.width + by.output - 1) / by.output);
    cost.multiply_adds = by.products() * by.products() * tiles * form.summed * out.channels;
    for (const Step& step : kernel.epilogue) {
      if (step.kind == graph::StepKind::project) cost.multiply_adds += out.elements() * program.tensor(step.operand).type.channels;
    }
  }
  if (kernel.schedule.algorithm == Algorithm::strassen) {
    const TensorType& out = program.tensor(kernel.out).type;
    int64_t channels = program.tensor(kernel.in).type.channels;
    for (const Step& step : kernel.epilogue) {
      if (step.kind == graph::StepKind::project) channels += program.tensor(step.operand).type.channels;
    }
    cost.multiply_adds = strassen::products * ((out.width + 1) / 2) * out.height * (channels / 2) * (whole_vectors(out.channels) / 2);
  }
  if (kernel.weight != none) cost.weight_bytes += program.constant(kernel.weight).bytes();
  for (const Step& step : kernel.epilogue) {
    for (ConstantId id : step.constants) cost.weight_bytes += program.constant(id).bytes();
  }
  for (TensorId id : reads(kernel)) cost.tensor_bytes += program.tensor(id).picture_bytes();
  if (kernel.out != none) cost.tensor_bytes += program.tensor(kernel.out).picture_bytes();
  if (kernel.kind == KernelKind::load) {
    const int64_t element = program.input.format == InputFormat::packed_u8 ? 1 : 4;
    cost.tensor_bytes += program.input_type.elements() * element;
  }
  if (kernel.kind == KernelKind::store) cost.tensor_bytes += program.outputs[static_cast<size_t>(kernel.port)].type.elements() * 4;
  return cost;
}

}  // namespace resnetc::program
