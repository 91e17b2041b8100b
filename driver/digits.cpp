/// \file Rounds by way of the decimal text: a product of a rounded number and a power of ten is not always the nearest double to it.
#include "driver/digits.h"

#include <fmt/format.h>

#include <cstdlib>

namespace resnetc::driver {

double three_digits(double value) { return std::strtod(fmt::format("{:.2e}", value).c_str(), nullptr); }

}  // namespace resnetc::driver
