/// \file The difference between a kernel's result and the float64 interpreter's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ir/interpreter.h"

namespace resnetc::driver {

/// The error of one value of a network, over all compared pictures.
class MeasuredError {
 public:
  double error = 0;    ///< largest difference over the largest reference value, which counts as at least 1e-30
  double largest = 0;  ///< largest reference value
  bool finite = true;  ///< whether all reference values are finite

  /// Adds one picture. The error is infinite if only one side is a number or the sizes differ, and absolute if the reference is zero.
  /// `sizes` are those of the channels (driver/channel_sizes.h). Both sides are rounded to `element`: numbers on both sides of a tie may
  /// become neighbours, so a difference counts from there on.
  void add(std::span<const float> got, const Values& expected, const std::vector<double>& sizes, ElementType element = ElementType::f32);

  /// The largest difference in a channel over that channel's size, which counts as at least 1e-30. Zero if channels have fewer than 16
  /// values, which say too little about a channel's size.
  double by_channel() const;

 private:
  std::vector<double> sizes_, differences_;  ///< of each channel
  size_t values_ = 0;                        ///< of each channel
};

/// An error as messages and tables show it.
std::string error_text(double error);

}  // namespace resnetc::driver
