/// \file The instruction sets of libraries, and which of them this machine runs.
#include <cpuid.h>

#include <array>

#include "codegen/kernels.h"
#include "runtime/model.h"

namespace resnetc::codegen {

namespace {

// Every feature is named: Halide's own detection is not used, since what is compiled may depend on nothing but its input.
// large_buffers makes indices 64 bits wide, for batches of more than 2^31 elements; it costs nothing that can be measured.
const std::array<TargetInfo, 4>& table() {
  static const std::array<TargetInfo, 4> targets = {{
      {"cuda", "x86-64-linux-cuda-cuda_capability_80-no_asserts-no_bounds_query-no_runtime-user_context", 80, "rn_cuda"},
      {"avx512",
       "x86-64-linux-avx-avx2-avx512-avx512_skylake-f16c-fma-large_buffers-no_asserts-no_bounds_query-no_runtime-sse41-user_context",
       RN_SSE41 | RN_AVX | RN_AVX2 | RN_AVX512},
      {"avx2", "x86-64-linux-avx-avx2-f16c-fma-large_buffers-no_asserts-no_bounds_query-no_runtime-sse41-user_context",
       RN_SSE41 | RN_AVX | RN_AVX2},
      {"sse41", "x86-64-linux-large_buffers-no_asserts-no_bounds_query-no_runtime-sse41-user_context", RN_SSE41},
  }};
  return targets;
}

/// The state components that the operating system saves (XCR0); reading them faults without OSXSAVE.
uint64_t saved_state() {
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

uint64_t machine_features() {
  uint32_t a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  uint64_t features = 0;
  if (c & bit_SSE4_1) features |= RN_SSE41;
  const bool fma_f16c = (c & bit_FMA) && (c & bit_F16C);
  if (!(c & bit_OSXSAVE) || !(c & bit_AVX)) return features;
  const uint64_t state = saved_state();
  constexpr uint64_t ymm = 0x6, zmm = 0xe6;
  if ((state & ymm) != ymm) return features;
  features |= RN_AVX;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return features;
  if (!(b & bit_AVX2) || !fma_f16c) return features;
  features |= RN_AVX2;
  constexpr uint32_t avx512 = bit_AVX512F | bit_AVX512CD | bit_AVX512VL | bit_AVX512BW | bit_AVX512DQ;
  if ((state & zmm) == zmm && (b & avx512) == avx512) features |= RN_AVX512;
  return features;
}

}  // namespace

std::span<const TargetInfo> all_targets() { return table(); }

bool runs_here(const TargetInfo& target) {
  static const uint64_t features = machine_features();
  return target.on_gpu() || (target.features & ~features) == 0;
}

const TargetInfo* host_target() {
  for (const TargetInfo& target : table()) {
    if (!target.on_gpu() && runs_here(target)) return &target;
  }
  return nullptr;
}

const TargetInfo* find_target(const std::string& name) {
  if (name == "host") return host_target();
  for (const TargetInfo& target : table()) {
    if (target.name == name || target.halide == name) return &target;
  }
  return nullptr;
}

}  // namespace resnetc::codegen
