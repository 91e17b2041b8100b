/* \file The arguments of kernels as the tables describe them. */
#ifndef RESNETC_RUNTIME_BUFFERS_H
#define RESNETC_RUNTIME_BUFFERS_H

#include <HalideRuntime.h>

#include "runtime/runtime.h"

/* Describes one buffer for each operand of the program. Each takes RN_MAX_DIMS of `dimensions`. The caller still sets the buffers'
 * addresses and the extents of the batch. */
void rn_describe_buffers(const rn_program* program, halide_buffer_t* buffers, halide_dimension_t* dimensions);

/* Bytes of the weights' data, from `first` to before `end`. */
typedef struct rn_range {
  uint64_t first, end;
} rn_range;

/* The part of the data that has all constants of the program; both ends are 0 if it has none. The data may also hold those of other
 * programs. */
rn_range rn_constants_read(const rn_program* program);

/* Calls the observer with the result of kernel `index`: `result` describes it, `data` is its first element in the host's memory. */
void rn_observe(rn_observer observer, void* observer_data, const rn_program* program, int32_t index, const halide_buffer_t* result,
                const void* data, int32_t picture, int32_t batch, double seconds);

/* Seconds of a clock that never goes back. */
double rn_now(void);

#endif
