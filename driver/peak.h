/// \file What this machine can do at most, measured: single precision multiply-adds in registers.
#pragma once

#include <string>

namespace resnetc::driver {

/// GFLOP/s (a multiply-add is two) with `threads` threads at once, in the instruction set of `target` ("avx512", "avx2", "sse41"). Takes
/// about 50 ms. 0 for an unknown target.
double peak_gflops(const std::string& target, int threads);

}  // namespace resnetc::driver
