/* \file What an x86-64 processor says of itself, and which instruction sets it and its operating system allow. */
#include <cpuid.h>

#include "runtime/runtime.h"

/* Registers that the operating system saves, bits of XCR0. */
enum { YMM = 0x6, ZMM = 0xe6, TILES = 0x60000 };

static uint64_t enabled_registers(void) {
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}

static uint32_t vendor(void) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(0, &a, &b, &c, &d)) return RN_OTHER_VENDOR;
  if (b == signature_INTEL_ebx && c == signature_INTEL_ecx && d == signature_INTEL_edx) return RN_INTEL;
  if (b == signature_AMD_ebx && c == signature_AMD_ecx && d == signature_AMD_edx) return RN_AMD;
  return RN_OTHER_VENDOR;
}

static uint32_t family_of(unsigned version) {
  const uint32_t family = (version >> 8) & 0xf, extended = (version >> 20) & 0xff;
  return family == 0xf ? family + extended : family;
}

/* Those of leaf 7, for a processor with RN_AVX. */
static uint64_t newer_features(uint64_t registers, int fma) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  uint64_t features = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  const unsigned last_part = a;
  if (!fma || (b & bit_AVX2) == 0) return 0;
  features |= RN_AVX2;
  const unsigned avx512 = bit_AVX512F | bit_AVX512CD | bit_AVX512VL | bit_AVX512BW | bit_AVX512DQ;
  if ((b & avx512) == avx512 && (registers & ZMM) == ZMM) {
    features |= RN_AVX512;
    if (c & bit_AVX512VBMI2) features |= RN_AVX512_VBMI2;
    if (c & bit_AVX512VNNI) features |= RN_AVX512_VNNI;
    if (d & bit_AVX512FP16) features |= RN_AVX512_FP16;
  }
  if ((d & bit_AMXINT8) && (registers & TILES) == TILES) features |= RN_AMX_INT8;
  if (last_part >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) {
    if (a & bit_AVXVNNI) features |= RN_AVX_VNNI;
    if ((a & bit_AVX512BF16) && (features & RN_AVX512)) features |= RN_AVX512_BF16;
  }
  return features;
}

rn_cpu rn_this_cpu(void) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  rn_cpu cpu = {RN_OTHER_VENDOR, 0, 0};
  if (!__get_cpuid(1, &a, &b, &c, &d)) return cpu;
  cpu.vendor = vendor();
  cpu.family = family_of(a);
  if (c & bit_SSE4_1) cpu.features |= RN_SSE41;
  const uint64_t registers = (c & bit_OSXSAVE) != 0 ? enabled_registers() : 0;
  if ((c & bit_AVX) == 0 || (registers & YMM) != YMM) return cpu;
  cpu.features |= RN_AVX | newer_features(registers, (c & bit_FMA) != 0 && (c & bit_F16C) != 0);
  return cpu;
}
