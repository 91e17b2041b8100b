/* \file Describes buffers for Halide's kernels, and shows them to observers. */
#include "runtime/buffers.h"

#include <string.h>
#include <time.h>

void rn_describe_buffers(const rn_program* program, halide_buffer_t* buffers, halide_dimension_t* dimensions) {
  for (int32_t i = 0; i < program->operand_count; ++i, dimensions += RN_MAX_DIMS) {
    const rn_operand* operand = &program->operands[i];
    halide_buffer_t* buffer = &buffers[i];
    buffer->type.code = operand->is_signed ? halide_type_int : operand->type_bits == 8 ? halide_type_uint : halide_type_float;
    buffer->type.bits = (uint8_t)operand->type_bits;
    buffer->type.lanes = 1;
    buffer->dimensions = operand->dims;
    buffer->dim = dimensions;
    for (int32_t d = 0; d < operand->dims; ++d) {
      dimensions[d].extent = operand->extent[d];
      dimensions[d].stride = operand->stride[d];
    }
  }
}

rn_range rn_constants_read(const rn_program* program) {
  rn_range read = {UINT64_MAX, 0};
  for (int32_t i = 0; i < program->operand_count; ++i) {
    const rn_operand* operand = &program->operands[i];
    if (operand->place != RN_CONSTANT) continue;
    const uint64_t begin = (uint64_t)operand->offset, bytes = (uint64_t)operand->extent[0] * (uint64_t)rn_element_bytes(operand->type_bits);
    if (begin < read.first) read.first = begin;
    if (begin + bytes > read.end) read.end = begin + bytes;
  }
  if (read.end == 0) read.first = 0;
  return read;
}

void rn_observe(rn_observer observer, void* observer_data, const rn_program* program, int32_t index, const halide_buffer_t* result,
                const void* data, int32_t picture, int32_t batch, double seconds) {
  const rn_kernel* kernel = &program->kernels[index];
  const rn_operand* made = &program->operands[kernel->first_operand + kernel->operand_count - 1];
  const int planar = made->planar;
  const halide_dimension_t* d = result->dim;
  const int c = planar ? 2 : 0, x = planar ? 0 : 1, y = planar ? 1 : 2;
  rn_observation observation;
  memset(&observation, 0, sizeof observation);
  observation.name = kernel->name;
  observation.seconds = seconds;
  if (kernel->scale != 0) {
    observation.integers = data;
  } else if (made->type_bits == 16) {
    observation.bf16 = data;
  } else {
    observation.data = data;
  }
  observation.scale = kernel->scale;
  observation.zero = kernel->zero;
  observation.kernel = index;
  observation.kernel_count = program->kernel_count;
  observation.picture = picture;
  observation.batch = batch;
  observation.channels = d[c].extent;
  observation.height = d[y].extent;
  observation.width = d[x].extent;
  observation.stride_batch = d[3].stride;
  observation.stride_channel = d[c].stride;
  observation.stride_y = d[y].stride;
  observation.stride_x = d[x].stride;
  observer(observer_data, &observation);
}

double rn_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}
