/// \file Computes medians, and collects times with an observer.
#include "driver/timing.h"

#include <algorithm>
#include <chrono>

#include "driver/common.h"
#include "driver/median.h"

namespace resnetc::driver {

void KernelTimes::observe(void* data, const rn_observation* seen) {
  auto& self = *static_cast<KernelTimes*>(data);
  if (self.seconds.empty()) self.seconds.resize(static_cast<size_t>(seen->kernel_count));
  auto& times = self.seconds[static_cast<size_t>(seen->kernel)];
  if (seen->picture == 0) times.push_back(0);
  times.back() += seen->seconds;
}

Result<> Side::turn(Session& session, const std::string& input, bool by_kernel) {
  constexpr double seconds = 0.01;
  constexpr int least = 2;
  if (const Result<> ran = session.run(input); !ran) return ran;
  if (by_kernel) session.observe(KernelTimes::observe, &kernels);
  const auto start = std::chrono::steady_clock::now();
  for (int count = 0; count < least || seconds_since(start) < seconds; ++count) {
    const auto begin = std::chrono::steady_clock::now();
    if (const Result<> ran = session.run(input); !ran) return ran;
    runs.push_back(seconds_since(begin));
  }
  session.observe(nullptr, nullptr);
  return {};
}

double Side::seconds(const std::vector<size_t>& some) const {
  double sum = 0;
  for (size_t kernel : some) sum += median(kernels.seconds[kernel]);
  return sum;
}

double Side::all_seconds() const {
  double sum = 0;
  for (const std::vector<double>& times : kernels.seconds) sum += median(times);
  return sum;
}

}  // namespace resnetc::driver
