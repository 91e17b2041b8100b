/* Measures how long a core takes for instructions that sum products, in registers of 64 bytes: the best of many short rounds.
 *
 *     clang-22 -O2 -mavx512f -mavx512bf16 -mavx512vnni bench/instructions.c -o instructions && ./instructions
 *
 * It runs on CPUs with AVX-512, VNNI and BF16. Twelve accumulators, so that no instruction waits for the one before. */
#include <stdio.h>
#include <time.h>

enum { TIMES = 300000, ROUNDS = 150, UNROLLED = 12 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define ONE(name, i) name " %%zmm30, %%zmm31, %%zmm" #i "\n"
#define ALL(name)                                                                                                                    \
  ONE(name, 0)                                                                                                                       \
  ONE(name, 1) ONE(name, 2) ONE(name, 3) ONE(name, 4) ONE(name, 5) ONE(name, 6) ONE(name, 7) ONE(name, 8) ONE(name, 9) ONE(name, 10) \
      ONE(name, 11)
#define MEASURE(name, products)                                                                                                          \
  do {                                                                                                                                   \
    double best = 1;                                                                                                                     \
    for (int round = 0; round < ROUNDS; ++round) {                                                                                       \
      const double start = now();                                                                                                        \
      for (int i = 0; i < TIMES; ++i)                                                                                                    \
        __asm__ volatile(ALL(name)::: "zmm0", "zmm1", "zmm2", "zmm3", "zmm4", "zmm5", "zmm6", "zmm7", "zmm8", "zmm9", "zmm10", "zmm11"); \
      const double seconds = (now() - start) / TIMES / UNROLLED;                                                                         \
      if (seconds < best) best = seconds;                                                                                                \
    }                                                                                                                                    \
    printf("%-12s %.3f ns, %.0f products/ns\n", name, 1e9 * best, (products) / (1e9 * best));                                            \
  } while (0)

int main(void) {
  MEASURE("vfmadd231ps", 16);
  MEASURE("vdpbf16ps", 32);
  MEASURE("vpdpwssd", 32);
  MEASURE("vpdpbusd", 64);
  return 0;
}
