/// \file How far what a kernel computed is from what the float64 interpreter makes of it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ir/interpreter.h"

namespace resnetc::driver {

/// The error of one value of a network, over the pictures compared.
class MeasuredError {
 public:
  double error = 0;    ///< largest difference over the largest reference value, or over 1e-30 if that is less
  double largest = 0;  ///< of the reference
  bool finite = true;  ///< whether all reference values are

  /// Takes one picture into account: infinite where only one side is a number or the sizes differ, absolute where the reference is zero.
  /// `sizes` are those of its channels (driver/channel_sizes.h).
  void add(std::span<const float> got, const Values& expected, const std::vector<double>& sizes);

  /// The largest difference in a channel over that channel's size, or over 1e-30 if that is less. A channel of fewer than 16 values says
  /// too little about its size: then 0.
  double by_channel() const;

 private:
  std::vector<double> sizes_, differences_;  ///< of each channel
  size_t values_ = 0;                        ///< of each channel
};

/// An error in messages and tables.
std::string error_text(double error);

}  // namespace resnetc::driver
