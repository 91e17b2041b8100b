/// \file What this machine can do at most, measured: single precision multiply-adds in registers, and reading from memory.
#pragma once

#include <string>

namespace resnetc::driver {

/// GFLOP/s (a multiply-add is two) with `threads` threads at once, in the instruction set of `target` ("avx512", "avx2", "sse41"). Takes
/// about 50 ms. 0 for an unknown target.
double peak_gflops(const std::string& target, int threads);

/// GB/s that `threads` threads read together from memory, past all caches. Takes about 200 ms and 256 MB.
double memory_gbytes(int threads);

}  // namespace resnetc::driver
