/// \file compile's --max-error: tries more and more exact algorithms until the measured error is small enough.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codegen/kernels.h"
#include "driver/lowering.h"

namespace resnetc::driver {

/// A library's errors on one target and on generated pictures, measured against the float64 interpreter.
struct TargetErrors {
  double of_outputs =
      0;  ///< the largest difference over the largest output; for pictures also in each channel over its size, if that is more
  double in_channels =
      0;  ///< the largest of any kernel in a channel, over its size: outputs that mix channels may hide the error of a small one
  std::string kernel;  ///< that has this error
};

/// The errors that were measured for each rung, which is a limit on the algorithms.
class MaxError {
 public:
  /// The reason why the errors of these targets cannot be measured; empty if they can.
  static std::string fault(const std::vector<const Target*>& targets);

  /// Measures what `lowering` gives, then, while the outputs' error is larger than `allowed` or one in a kernel's channel larger than that
  /// and than 1e-4, what no tile larger than 2x2 gives, then direct sums, whose channels are as exact as the network allows. The libraries
  /// are called `name`; without weights, generated ones are taken. Fails if that is not enough.
  /// What is wrong with the network is in `diagnostics`, and then the first error there is the failure.
  static Result<MaxError> reach(double allowed, const topology::Network& network, LoweringOptions lowering, const std::string& name,
                                const codegen::KernelOptions& kernels, Diagnostics& diagnostics);

  /// The limit for LoweringOptions that was enough.
  int64_t winograd_tile() const { return rungs_.back().limit; }
  /// One line: the error that was reached, and the algorithms.
  std::string summary() const;
  /// A table of all measured errors, for --opt-report.
  std::string report() const;

 private:
  struct Rung {
    int64_t limit = 0;                 ///< LoweringOptions::winograd_tile
    int64_t tile = 0;                  ///< the largest tile of Winograd's transforms in a kernel; 0: none
    bool halves = false;               ///< whether a kernel has Strassen's products
    std::vector<TargetErrors> errors;  ///< of each target
    bool direct() const { return tile == 0 && !halves; }
    std::string algorithms() const;
  };

  bool enough(const Rung& rung) const;
  std::string text(const TargetErrors& errors) const;
  std::string refusal() const;

  double allowed_ = 0;
  std::vector<std::string> targets_;
  std::vector<Rung> rungs_;
};

}  // namespace resnetc::driver
