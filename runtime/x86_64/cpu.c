/* \file Which instruction sets an x86-64 processor and its operating system allow. */
#include <cpuid.h>

#include "runtime/runtime.h"

static uint64_t enabled_registers(void) {
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}

uint64_t rn_cpu_features(void) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  uint64_t features = 0, registers = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  if (c & bit_SSE4_1) features |= RN_SSE41;
  if (c & bit_OSXSAVE) registers = enabled_registers();
  const int avx = (c & bit_AVX) != 0 && (registers & 0x6) == 0x6;
  const int fma = (c & bit_FMA) != 0 && (c & bit_F16C) != 0;
  if (avx) features |= RN_AVX;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return features;
  if (avx && fma && (b & bit_AVX2) != 0) features |= RN_AVX2;
  const unsigned avx512 = bit_AVX512F | bit_AVX512CD | bit_AVX512VL | bit_AVX512BW | bit_AVX512DQ;
  if ((features & RN_AVX2) != 0 && (b & avx512) == avx512 && (registers & 0xe6) == 0xe6) features |= RN_AVX512;
  return features;
}
