/// \file How the range of a value is chosen from what was seen of it.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "driver/histogram.h"

namespace resnetc::driver {

enum class RangeMethod {
  minmax,      ///< everything that was seen
  percentile,  ///< without the smallest and the largest elements, as many on each side
  mse,         ///< the least squared error, of rounding to 256 levels and of clipping together
  entropy,     ///< the least information lost, as the Kullback-Leibler divergence measures it
};
/// The names of the methods, in the order of the enum.
std::span<const std::string_view> range_method_names();
std::optional<RangeMethod> range_method_named(std::string_view name);

/// The percentage of the elements that `percentile` keeps, if nobody says another: 0.005 % are cut on each side.
inline constexpr double usual_percentile = 99.99;

/// A range that holds 0 and lies within what was seen.
struct ChosenRange {
  double low = 0, high = 0;  ///< float32 numbers
  double outside = 0;        ///< the part of the elements outside, 0 to 1; elements count as spread evenly over their bin
};

/// `kept` is the percentage for `percentile`, 0 to 100.
ChosenRange choose_range(const Histogram& seen, RangeMethod method, double kept = usual_percentile);

}  // namespace resnetc::driver
