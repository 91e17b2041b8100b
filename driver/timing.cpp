/// \file Medians, and the observer that collects times.
#include "driver/timing.h"

#include <algorithm>

namespace resnetc::driver {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  size_t middle = values.size() / 2;
  return values.size() % 2 != 0 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void KernelTimes::observe(void* data, const rn_observation* seen) {
  auto& self = *static_cast<KernelTimes*>(data);
  if (self.seconds.empty()) self.seconds.resize(static_cast<size_t>(seen->kernel_count));
  auto& times = self.seconds[static_cast<size_t>(seen->kernel)];
  if (seen->picture == 0) times.push_back(0);
  times.back() += seen->seconds;
}

}  // namespace resnetc::driver
