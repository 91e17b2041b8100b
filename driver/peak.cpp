/// \file The loops that measure the speed of cores and memory.
#include "driver/peak.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include "driver/bursts.h"
#include "driver/median.h"
#include "runtime/runtime.h"

namespace resnetc::driver {
namespace {

/// Adds the rates of short bursts, for two milliseconds.
void add_rates(const Bursts& bursts, std::vector<double>& rates) {
  using Clock = std::chrono::steady_clock;
  constexpr double lane_bytes = 4, operations = 2;  // of a multiply-add
  const auto end = Clock::now() + std::chrono::milliseconds(2);
  while (Clock::now() < end) {
    const auto start = Clock::now();
    const double done = bursts.multiply_adds() * operations * static_cast<double>(bursts.bytes) / lane_bytes;
    rates.push_back(done / std::chrono::duration<double>(Clock::now() - start).count() / 1e9);
  }
}

/// The loops for the widest of these instruction sets' registers; nothing if there are none.
std::optional<Bursts> widest_of(uint64_t features) {
  const std::vector<Bursts> all = bursts_of(features);
  return all.empty() ? std::nullopt : std::optional(all.back());
}

}  // namespace

double memory_gbytes(int threads) {
  using Clock = std::chrono::steady_clock;
  constexpr size_t bytes = size_t{256} << 20, line = 64;
  const std::optional<Bursts> bursts = widest_of(rn_this_cpu().features);
  const Room memory(bytes);
  if (!bursts || !memory) return 0;
  const size_t share = bytes / static_cast<size_t>(threads) / line * line;
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    const auto start = Clock::now();
    std::vector<std::thread> workers;
    const auto read = [&](size_t i) { bursts->read(memory.data() + i * share, share); };
    for (size_t i = 1; i < static_cast<size_t>(threads); ++i) workers.emplace_back(read, i);
    read(0);
    for (auto& worker : workers) worker.join();
    best = std::max(best, static_cast<double>(share) * threads / std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best / 1e9;
}

PeakMeter::PeakMeter(const Target* target, int threads) : rates_(static_cast<size_t>(threads)) {
  if (target != nullptr) bursts_ = widest_of(target->features);
}

void PeakMeter::measure() {
  if (!bursts_) return;
  std::vector<std::thread> workers;
  for (size_t i = 1; i < rates_.size(); ++i) workers.emplace_back([this, i] { add_rates(*bursts_, rates_[i]); });
  add_rates(*bursts_, rates_[0]);
  for (auto& worker : workers) worker.join();
}

double PeakMeter::gflops() const {
  double sum = 0;
  for (const std::vector<double>& rates : rates_) sum += median(rates);
  return sum;
}

uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0, resident = 0;
  return file >> all >> resident ? resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace resnetc::driver
