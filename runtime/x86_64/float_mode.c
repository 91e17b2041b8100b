/* \file How a thread computes with floats on x86-64: its register MXCSR. */
#include "runtime/float_mode.h"

#include <xmmintrin.h>

enum { DENORMALS_ARE_ZERO = 0x0040, EXCEPTIONS_MASKED = 0x1f80, FLUSH_TO_ZERO = 0x8000 };

rn_float_mode rn_kernel_float_mode(int keep_denormals) {
  return keep_denormals ? EXCEPTIONS_MASKED : EXCEPTIONS_MASKED | DENORMALS_ARE_ZERO | FLUSH_TO_ZERO;
}

rn_float_mode rn_exchange_float_mode(rn_float_mode mode) {
  const rn_float_mode before = _mm_getcsr();
  _mm_setcsr((unsigned)mode);
  return before;
}
