/// \file The loops that measure the speed of cores and memory.
#include "driver/peak.h"

#include <immintrin.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <limits>
#include <thread>
#include <vector>

#include "driver/median.h"

namespace resnetc::driver {
namespace {

// The number of independent accumulators: enough for four cycles of latency at two operations a cycle, and few enough for SSE's 16
// registers.
constexpr int chains = 12;
constexpr int64_t rounds = 2000;

// Each function returns the number of floating-point operations that it did. The empty asm hides the accumulators' values, so that the
// compiler can neither fold nor remove the operations.

__attribute__((target("avx512f"))) double fma_avx512() {
  __m512 sum[chains];
  __m512 a = _mm512_set1_ps(0.999F), b = _mm512_set1_ps(1e-3F);
  for (auto& s : sum) s = b;
  for (int64_t r = 0; r < rounds; ++r) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; ++i) sum[i] = _mm512_fmadd_ps(sum[i], a, b);
  }
  for (auto& s : sum) asm volatile("" : "+v"(s));
  return 2.0 * 16 * chains * static_cast<double>(rounds);
}

__attribute__((target("avx2,fma"))) double fma_avx2() {
  __m256 sum[chains];
  __m256 a = _mm256_set1_ps(0.999F), b = _mm256_set1_ps(1e-3F);
  for (auto& s : sum) s = b;
  for (int64_t r = 0; r < rounds; ++r) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; ++i) sum[i] = _mm256_fmadd_ps(sum[i], a, b);
  }
  for (auto& s : sum) asm volatile("" : "+x"(s));
  return 2.0 * 8 * chains * static_cast<double>(rounds);
}

double mul_add_sse41() {
  __m128 sum[chains];
  __m128 a = _mm_set1_ps(0.999F), b = _mm_set1_ps(1e-3F);
  for (auto& s : sum) s = b;
  for (int64_t r = 0; r < rounds; ++r) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; ++i) sum[i] = _mm_add_ps(_mm_mul_ps(sum[i], a), b);
  }
  for (auto& s : sum) asm volatile("" : "+x"(s));
  return 2.0 * 4 * chains * static_cast<double>(rounds);
}

/// The burst for the best of these instruction sets; null if there is none.
double (*burst_of(uint64_t features))() {
  if ((features & feature::avx512) != 0) return fma_avx512;
  if ((features & feature::avx2) != 0) return fma_avx2;
  if ((features & feature::sse41) != 0) return mul_add_sse41;
  return nullptr;
}

/// Adds the rates of short bursts, for two milliseconds.
void add_rates(double (*burst)(), std::vector<double>& rates) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(2);
  while (Clock::now() < end) {
    const auto start = Clock::now();
    const double operations = burst();
    rates.push_back(operations / std::chrono::duration<double>(Clock::now() - start).count() / 1e9);
  }
}

/// Reads `vectors` vectors of 16 bytes once.
double read_once(const __m128* from, size_t vectors) {
  constexpr size_t streams = 8;
  __m128 sum[streams];
  for (auto& s : sum) s = _mm_setzero_ps();
  for (size_t i = 0; i + streams <= vectors; i += streams) {
#pragma clang loop unroll(full)
    for (size_t k = 0; k < streams; ++k) sum[k] = _mm_add_ps(sum[k], from[i + k]);
  }
  for (auto& s : sum) asm volatile("" : "+x"(s));
  return 16.0 * static_cast<double>(vectors);
}

}  // namespace

double memory_gbytes(int threads) {
  using Clock = std::chrono::steady_clock;
  const std::vector<__m128> memory(size_t{256} << 16, _mm_setzero_ps());
  const size_t share = memory.size() / static_cast<size_t>(threads);
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    const auto start = Clock::now();
    std::vector<std::thread> workers;
    for (size_t i = 1; i < static_cast<size_t>(threads); ++i) workers.emplace_back([&, i] { read_once(memory.data() + i * share, share); });
    read_once(memory.data(), share);
    for (auto& worker : workers) worker.join();
    const double bytes = 16.0 * static_cast<double>(share) * threads;
    best = std::max(best, bytes / std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best / 1e9;
}

PeakMeter::PeakMeter(const Target* target, int threads)
    : burst_(target == nullptr ? nullptr : burst_of(target->features)), rates_(static_cast<size_t>(threads)) {}

void PeakMeter::measure() {
  if (burst_ == nullptr) return;
  std::vector<std::thread> workers;
  for (size_t i = 1; i < rates_.size(); ++i) workers.emplace_back([this, i] { add_rates(burst_, rates_[i]); });
  add_rates(burst_, rates_[0]);
  for (auto& worker : workers) worker.join();
}

double PeakMeter::gflops() const {
  double sum = 0;
  for (const std::vector<double>& rates : rates_) sum += median(rates);
  return sum;
}

std::optional<uint64_t> parse_cache_size(std::string_view text) {
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<size_t>(stop - text.data()));
  const int shift = unit == "K" ? 10 : unit == "M" ? 20 : 0;
  if (error != std::errc() || shift == 0 || number > std::numeric_limits<uint64_t>::max() >> shift) return std::nullopt;
  return number << shift;
}

uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0, resident = 0;
  return file >> all >> resident ? resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

uint64_t last_cache_bytes() {
  const auto from_library = static_cast<uint64_t>(std::max(0L, sysconf(_SC_LEVEL3_CACHE_SIZE)));
  std::string text;
  std::ifstream("/sys/devices/system/cpu/cpu0/cache/index3/size") >> text;
  const uint64_t from_kernel = parse_cache_size(text).value_or(0);
  if (from_library == 0 || from_kernel == 0) return std::max(from_library, from_kernel);
  return std::min(from_library, from_kernel);  // in virtual machines the C library may report the sum over all sockets
}

}  // namespace resnetc::driver
