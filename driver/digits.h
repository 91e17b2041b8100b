/// \file How exact a measured figure is printed.
#pragma once

namespace resnetc::driver {

/// The decimal number of three digits that is nearest to the value, so that a file does not claim to be more exact than its measurement:
/// 1.39, never 1.3900000000000001.
double three_digits(double value);

}  // namespace resnetc::driver
