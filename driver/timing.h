/// \file Times of a library's runs, kernel by kernel, for bench and for tuning.
#pragma once

#include <string>
#include <vector>

#include "driver/loaded_library.h"
#include "runtime/runtime.h"

namespace resnetc::driver {

/// The times of each kernel, run after run; of a batch that goes picture by picture, their sum.
struct KernelTimes {
  std::vector<std::vector<double>> seconds;
  /// For Session::observe(), with a KernelTimes as data.
  static void observe(void* data, const rn_observation* seen);
};

/// What was measured of one of those that take turns.
struct Side {
  KernelTimes kernels;
  std::vector<double> runs;

  /// A few runs, the first of which only brings the caches back from the other side. Fails if one does.
  Result<> turn(Session& session, const std::string& input, bool by_kernel);
  /// Of these kernels together.
  double seconds(const std::vector<size_t>& some) const;
  double all_seconds() const;
};

}  // namespace resnetc::driver
