/// \file The median, which is what counts of repeated measurements.
#pragma once

#include <vector>

namespace resnetc::driver {

/// Zero if there are none.
double median(std::vector<double> values);

}  // namespace resnetc::driver
