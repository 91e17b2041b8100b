/// \file compile's --max-error for a network with integers: leaves layers in float until the measured error is small enough.
#pragma once

#include <string>
#include <vector>

#include "driver/lowering.h"
#include "ir/interpreter.h"

namespace resnetc::driver {

/// The layers that stay in float so that an error is reached.
class FloatLayers {
 public:
  /// Measures the error of the outputs of the network that `lowering` gives: the largest difference from float64 over the largest output,
  /// on these pictures (planar; at least one), of which all values are kept: 8 bytes an element. If it is larger than `allowed`, layers go
  /// back to float in the order of the noise that each adds by itself, as few of them as a bisection finds. Kernels of integers equal the
  /// interpreter, which computes both sides. Without weights, they are generated ones. Fails if the network in float is not exact enough.
  /// Errors of the network are in `diagnostics`, and then the failure is the first of them.
  static Result<FloatLayers> reach(double allowed, const topology::Network& network, LoweringOptions lowering, std::vector<Values> pictures,
                                   Diagnostics& diagnostics);

  /// The values' names for Precision::keep_float, besides those that it had.
  ValueNames kept() const;
  /// One line: the error that was reached, and how many layers are in float.
  std::string summary() const;
  /// The errors that were measured, and the layers that stay in float, for --opt-report.
  std::string report() const;

 private:
  struct Layer {
    std::string name;
    double noise = 0;  ///< of its own, over its signal
  };
  struct Try {
    size_t kept = 0;  ///< of the layers, from the first on
    double error = 0;
  };

  double allowed_ = 0;
  std::vector<Layer> layers_;  ///< that compute with integers, the noisiest first
  std::vector<Try> tries_;     ///< in the order in which they were measured
  Try chosen_;
};

}  // namespace resnetc::driver
