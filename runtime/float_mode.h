/* \file The calling thread's mode of computing with floats. Only this file and its .c know a processor's control register. */
#ifndef RESNETC_RUNTIME_FLOAT_MODE_H
#define RESNETC_RUNTIME_FLOAT_MODE_H

#include <stdint.h>

/* The registers of control and status, as many as the architecture has. */
typedef uint64_t rn_float_mode;

/* The mode of kernels: rounding to nearest and no traps. Denormal operands and results are zero, because each costs a hundred cycles,
 * unless `keep_denormals`. So kernels' results do not depend on the mode of the program around them. */
rn_float_mode rn_kernel_float_mode(int keep_denormals);

/* Sets the calling thread's mode and returns the old one, with the exceptions that the thread had noted. */
rn_float_mode rn_exchange_float_mode(rn_float_mode mode);

#endif
