/// \file The median, which is the result of repeated measurements.
#pragma once

#include <vector>

namespace resnetc::driver {

/// The median of the values; zero if there are none.
double median(std::vector<double> values);

}  // namespace resnetc::driver
