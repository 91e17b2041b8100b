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
  /// The ratio of their powers in decibels; infinite without noise.
  double decibels() const;
  bool measured() const { return measured_; }

 private:
  double signal_ = 0, noise_ = 0;
  bool measured_ = false;
};

struct LayerNoise {
  std::string name;
  Noise noise;
};

/// Interprets both graphs of one network: `exact` as it was written, and `narrow` as it was lowered. Returns the noise of each value that
/// both have, in the order of `narrow`. Progress goes to standard error.
std::vector<LayerNoise> measure_noise(const graph::Graph& exact, const graph::Graph& narrow, const WeightSource& weights,
                                      const Pictures& pictures);
/// The table of `resnetc verify`.
std::string noise_table(const std::vector<LayerNoise>& layers);

}  // namespace resnetc::driver
