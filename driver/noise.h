/// \file What narrower numbers cost: how far a network's values are from those that float64 arithmetic with the checkpoint's weights gives.
#pragma once

#include <string>
#include <vector>

#include "driver/trial.h"
#include "ir/graph.h"

namespace resnetc::driver {

/// The signal and the noise of one value over some pictures.
class Noise {
 public:
  /// Adds one picture. Both results have the same size.
  void add(const Values& exact, const Values& narrow);
  /// The power of the noise over that of the signal: 0 without noise, and infinite if there is nothing else.
  double ratio() const;
  /// The power of the signal over that of the noise in decibels, for people: "38.1 dB" or "no noise".
  std::string text() const;
  bool measured() const { return measured_; }

 private:
  double signal_ = 0, noise_ = 0;
  bool measured_ = false;
};

struct LayerNoise {
  std::string name;
  Location at;  ///< as the value's in `narrow`
  Noise noise;
};

/// Interprets both graphs of one network: `exact` as it was written, and `narrow` as it was lowered. Returns the noise of each value that
/// both have, in the order of `narrow`. Progress goes to standard error.
std::vector<LayerNoise> measure_noise(const graph::Graph& exact, const graph::Graph& narrow, const WeightSource& weights,
                                      const Pictures& pictures);
/// The table of `resnetc verify`.
std::string noise_table(const std::vector<LayerNoise>& layers);

}  // namespace resnetc::driver
