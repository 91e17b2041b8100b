/// \file Times of a library's runs, kernel by kernel, for bench and for tuning.
#pragma once

#include <vector>

#include "runtime/runtime.h"

namespace resnetc::driver {

/// Zero if there are none.
double median(std::vector<double> values);

/// The times of each kernel, run after run; of a batch that goes picture by picture, their sum.
struct KernelTimes {
  std::vector<std::vector<double>> seconds;
  /// For Session::observe(), with a KernelTimes as data.
  static void observe(void* data, const rn_observation* seen);
};

}  // namespace resnetc::driver
