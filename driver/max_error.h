/// \file compile's --max-error: down a short ladder of algorithms until the error, as measured, is small enough.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "driver/lowering.h"

namespace resnetc::driver {

/// The errors that were measured, rung by rung: the largest difference between a library's outputs and the float64 interpreter's over the
/// largest output, on generated pictures.
class MaxError {
 public:
  /// What is wrong with asking for the errors of these targets; empty if nothing is.
  static std::string fault(const std::vector<const codegen::TargetInfo*>& targets);

  /// Measures what `lowering` gives, then, while an error is larger than `allowed`, what no tile larger than 2x2 gives, then direct sums.
  /// The libraries are called `name`; without weights, generated ones are taken. Nothing, and the reason in `diagnostics` or else in `why`,
  /// if that is not enough.
  static std::optional<MaxError> reach(double allowed, const topology::Network& network, LoweringOptions lowering, const std::string& name,
                                       const codegen::KernelOptions& kernels, Diagnostics& diagnostics, std::string& why);

  /// The limit for LoweringOptions that was enough.
  int64_t winograd_tile() const { return rungs_.back().limit; }
  /// One line: what was reached, and with which algorithms.
  std::string summary() const;
  /// A table of all that was measured, for --opt-report.
  std::string report() const;

 private:
  struct Rung {
    int64_t limit = 0;           ///< LoweringOptions::winograd_tile
    int64_t tile = 0;            ///< the largest of Winograd's that a kernel has; 0: none
    bool halves = false;         ///< whether a kernel has Strassen's products
    std::vector<double> errors;  ///< of each target
    double worst() const;
    std::string algorithms() const;
  };

  std::string refusal() const;

  double allowed_ = 0;
  std::vector<std::string> targets_;
  std::vector<Rung> rungs_;
};

}  // namespace resnetc::driver
