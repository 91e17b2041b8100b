/* \file How the calling thread computes with floats: all that the runtime knows of a processor's control register. */
#ifndef RESNETC_RUNTIME_FLOAT_MODE_H
#define RESNETC_RUNTIME_FLOAT_MODE_H

#include <stdint.h>

/* Control and status: as many registers as the architecture has for them. */
typedef uint64_t rn_float_mode;

/* The mode of kernels: rounding to nearest, no traps, and denormal numbers are zero, as operands and as results, as they cost a hundred
 * cycles each; unless `keep_denormals`. What kernels compute does not depend on the mode of the program around them. */
rn_float_mode rn_kernel_float_mode(int keep_denormals);

/* Makes `mode` the calling thread's, and returns the one that it had, with the exceptions that it had noted. */
rn_float_mode rn_exchange_float_mode(rn_float_mode mode);

#endif
