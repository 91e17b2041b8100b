/// \file Measures this machine's peak of single precision multiply-adds in registers and of reading from memory. Also tells the size of the
/// last cache and of this process's memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  double (*burst_)() = nullptr;  ///< null: an unknown target
  std::vector<std::vector<double>> rates_;
};

/// GB/s that `threads` threads read together from memory, past all caches. Takes about 200 ms and 256 MB.
double memory_gbytes(int threads);

/// Bytes of the third-level cache that a core reads through; 0 if there is none or the system does not say.
uint64_t last_cache_bytes();
/// Bytes of memory that this process has now, files that it maps and has read included; 0 if the system does not say.
uint64_t resident_bytes();

/// A cache's size as Linux writes it under /sys, "32768K" or "32M", in bytes; nothing for any other text.
std::optional<uint64_t> parse_cache_size(std::string_view text);

}  // namespace resnetc::driver
