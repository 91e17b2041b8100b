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

  /// Measures the network that `lowering` gives. If the outputs' error is larger than `allowed`, or the error in a kernel's channel is
  /// larger than both `allowed` and 1e-4, it tries tiles of at most 2x2, then direct sums, whose channels are as exact as the network
  /// allows. The libraries are called `name`. Without weights, they get generated ones. Fails if direct sums are not exact enough. Errors
  /// of the network are in `diagnostics`, and then the failure is the first of them.
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
