/// \file Measures a library's runs, kernel by kernel, for bench and for tuning.
#pragma once

#include <string>
#include <vector>

#include "driver/loaded_library.h"
#include "runtime/runtime.h"

namespace resnetc::driver {

/// The times of each kernel in each run. For a batch that is computed picture by picture, a time is the sum over the pictures.
struct KernelTimes {
  std::vector<std::vector<double>> seconds;
  /// For Session::observe(), with a KernelTimes as data.
  static void observe(void* data, const rn_observation* seen);
};

/// The measurements of one of the networks that take turns.
struct Side {
  KernelTimes kernels;
  std::vector<double> runs;

  /// A few runs, the first of which only brings the caches back from the other side. Fails if one does.
  Result<> turn(Session& session, const std::string& input, bool by_kernel);
  /// The time of these kernels together.
  double seconds(const std::vector<size_t>& some) const;
  double all_seconds() const;
};

}  // namespace resnetc::driver
