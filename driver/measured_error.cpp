/// \file Compares results with the interpreter's values.
#include "driver/measured_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace resnetc::driver {

namespace {

/// Kernels treat numbers below 1.2e-38 as zero, also among the products of a sum. So numbers near that limit may have no correct digits.
constexpr double smallest = 1e-30;

/// The distance of neighbours of bf16, which have 8 bits, at the larger of two numbers; 0 for f32.
double distance_of_neighbours(ElementType element, double a, double b) {
  if (element != ElementType::bf16) return 0;
  constexpr int bits_behind_the_first = 7;
  return std::ldexp(1.0, std::ilogb(std::max({std::abs(a), std::abs(b), smallest})) - bits_behind_the_first);
}

}  // namespace

void MeasuredError::add(std::span<const float> got, const Values& expected, const std::vector<double>& sizes, ElementType element) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  if (got.size() != expected.size() || sizes.empty()) {
    error = infinite;
    return;
  }
  const size_t pixels = expected.size() / sizes.size();
  sizes_.resize(sizes.size());
  differences_.resize(sizes.size());
  values_ += pixels;
  double top = 0, difference = 0;  // largest value and largest difference of this picture
  for (size_t c = 0; c < sizes.size(); ++c) {
    double in_channel = 0;
    for (size_t i = c * pixels; i < (c + 1) * pixels; ++i) {
      const auto value = static_cast<double>(got[i]);
      finite = finite && std::isfinite(expected[i]);
      if (std::isfinite(expected[i])) top = std::max(top, std::abs(expected[i]));
      if (std::isnan(expected[i]) != std::isnan(value)) in_channel = infinite;
      if (std::isnan(expected[i]) || std::isnan(value) || expected[i] == value) continue;  // the last condition is for infinities
      in_channel = std::max(in_channel, std::abs(expected[i] - value) - distance_of_neighbours(element, expected[i], value));
    }
    difference = std::max(difference, in_channel);
    differences_[c] = std::max(differences_[c], in_channel);
    sizes_[c] = std::max(sizes_[c], sizes[c]);
  }
  largest = std::max(largest, top);
  error = std::max(error, top > 0 ? difference / std::max(top, smallest) : difference);
}

double MeasuredError::by_channel() const {
  constexpr size_t fewest = 16;
  double worst = 0;
  for (size_t c = 0; c < sizes_.size() && values_ >= fewest; ++c) worst = std::max(worst, differences_[c] / std::max(sizes_[c], smallest));
  return worst;
}

std::string error_text(double error) { return std::isfinite(error) ? fmt::format("{:.2e}", error) : "infinite"; }

}  // namespace resnetc::driver
