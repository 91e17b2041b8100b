/// \file Measures this machine's peak of single precision multiply-adds in registers and of reading from memory. Also tells the size of
/// this process's memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/bursts.h"
#include "ir/target.h"

namespace resnetc::driver {

/// GFLOP/s (a multiply-add is two) with some threads at once, in the instruction set of a CPU's target. Clocks
/// drift and neighbours come and go: measured now and then between the runs that are to be compared with it, of which medians count too.
class PeakMeter {
 public:
  /// The target may be null: it is none of resnetc's.
  PeakMeter(const Target* target, int threads);
  /// Takes two milliseconds.
  void measure();
  /// The median of the measurements; 0 for an unknown target, or without measurements.
  double gflops() const;

 private:
  std::optional<Bursts> bursts_;  ///< nothing: an unknown target
  std::vector<std::vector<double>> rates_;
};

/// GB/s that `threads` threads read together from memory, past all caches. Takes about 200 ms and 256 MB.
double memory_gbytes(int threads);

/// Bytes of memory that this process has now, files that it maps and has read included; 0 if the system does not say.
uint64_t resident_bytes();

}  // namespace resnetc::driver
