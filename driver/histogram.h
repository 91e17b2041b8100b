/// \file Counts of how often a value's elements have which size, in bounded memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace resnetc::driver {

/// Numbers and how often they come, in bins of one width. The width is a power of two, the smallest with which `max_bins` bins on each side
/// of zero hold all numbers: it doubles, and neighbours are merged, when a number lies outside. So the counts depend on the numbers alone,
/// not on their order or on how they were split among add() calls.
class Histogram {
 public:
  static constexpr int max_bins = 4096;
  /// No width is smaller, so numbers near 0 share a bin, whatever the others are.
  static constexpr int least_exponent = -120;

  /// Adds numbers. If one of them is not finite, adds none and returns false. At most 2^64 numbers can be counted.
  [[nodiscard]] bool add(std::span<const float> numbers);
  /// Adds all numbers of another histogram.
  void add(const Histogram& other);

  uint64_t count() const { return count_; }
  /// How many of the numbers are exactly zero. They are in no bin.
  uint64_t zeros() const { return zeros_; }
  /// The smallest and the largest number, but least() <= 0 <= most().
  double least() const { return static_cast<double>(least_); }
  double most() const { return static_cast<double>(most_); }
  /// The width of a bin.
  double width() const;
  /// The counts of numbers above zero: bin i has those from i * width() on, below (i + 1) * width(). Ends with the last one that is not 0.
  std::span<const uint64_t> above() const { return counted(above_); }
  /// The same of numbers below zero, by their absolute values.
  std::span<const uint64_t> below() const { return counted(below_); }

 private:
  /// The bins up to the last one that is not 0.
  static std::span<const uint64_t> counted(std::span<const uint64_t> bins);
  /// Makes the width 2^exponent, if it is less.
  void widen(int exponent);

  int exponent_ = least_exponent;
  float least_ = 0, most_ = 0;
  uint64_t count_ = 0, zeros_ = 0;
  std::vector<uint64_t> above_, below_;  ///< max_bins, or none before the first number of the side
};

}  // namespace resnetc::driver
