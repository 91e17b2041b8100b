/// \file Schedules of loads and stores. Neighbouring threads must access neighbouring elements.
#include "codegen/cuda/kernels_internal.h"

namespace resnetc::codegen::cuda {

void build_load(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  Func out = define_load(spec, axes, operands);
  share_pixels(spec, out, axes);
  finish(out, operands, built);
}

// In a store of pictures, columns are the innermost axis of the output, and neighbouring threads have neighbouring columns.
void build_store(const program::KernelSpec& spec, Built& built) {
  Axes axes;
  Operands operands(Operands::Place::gpu);
  Func out = define_store(spec, axes, operands, false);
  const TensorType& type = spec.in.type;
  if (type.is_vector()) {
    share_between_threads(threads_of(spec), out, axes, type.channels, 1, 1);
  } else {
    Axes swapped;
    swapped.c = axes.x;
    swapped.x = axes.c;
    swapped.y = axes.y;
    swapped.n = axes.n;
    share_between_threads(threads_of(spec), out, swapped, type.width, type.channels, type.height);
  }
  finish(out, operands, built);
}

}  // namespace resnetc::codegen::cuda
