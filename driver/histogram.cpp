/// \file Counts numbers in bins.
#include "driver/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace resnetc::driver {

namespace {

/// An integer with the order of the floats, so that compilers find the smallest of many at once. (NaN is beyond the infinities.)
int32_t ordered(float number) {
  const auto bits = std::bit_cast<int32_t>(number);
  return bits ^ ((bits >> 31) & std::numeric_limits<int32_t>::max());
}

float number_of(int32_t key) { return std::bit_cast<float>(key ^ ((key >> 31) & std::numeric_limits<int32_t>::max())); }

/// The smallest exponent e for which all bins of width 2^e hold the numbers from `least` to `most`.
int exponent_for(float least, float most) {
  const float largest = std::max(-least, most);
  if (largest == 0) return Histogram::least_exponent;
  int exponent = 0;
  std::frexp(largest, &exponent);  // the number is less than 2^exponent
  return std::max(exponent - std::countr_zero(static_cast<unsigned>(Histogram::max_bins)), Histogram::least_exponent);
}

/// Makes the bins 2^`doublings` times as wide.
void merge_bins(std::vector<uint64_t>& bins, int doublings) {
  const auto target = [&](size_t i) { return doublings < std::numeric_limits<size_t>::digits ? i >> doublings : 0; };
  for (size_t i = 1; i < bins.size(); ++i) {
    const uint64_t moved = bins[i];
    bins[i] = 0;
    bins[target(i)] += moved;
  }
}

void add_bins(std::span<const uint64_t> from, int doublings, std::vector<uint64_t>& to) {
  std::vector<uint64_t> wider(from.begin(), from.end());
  merge_bins(wider, doublings);
  if (to.size() < wider.size()) to.resize(wider.size());
  for (size_t i = 0; i < wider.size(); ++i) to[i] += wider[i];
}

}  // namespace

double Histogram::width() const { return std::ldexp(1.0, exponent_); }

std::span<const uint64_t> Histogram::counted(std::span<const uint64_t> bins) {
  while (!bins.empty() && bins.back() == 0) bins = bins.first(bins.size() - 1);
  return bins;
}

void Histogram::widen(int exponent) {
  if (exponent <= exponent_) return;
  merge_bins(above_, exponent - exponent_);
  merge_bins(below_, exponent - exponent_);
  exponent_ = exponent;
}

bool Histogram::add(std::span<const float> numbers) {
  int32_t smallest = 0, largest = 0;  // the key of zero
  for (const float number : numbers) {
    smallest = std::min(smallest, ordered(number));
    largest = std::max(largest, ordered(number));
  }
  const float least = number_of(smallest), most = number_of(largest);
  if (!std::isfinite(least) || !std::isfinite(most)) return false;
  least_ = std::min(least_, least);
  most_ = std::max(most_, most);
  widen(exponent_for(least_, most_));
  above_.resize(max_bins);
  if (least_ < 0) below_.resize(max_bins);
  const float scale = std::ldexp(1.0F, -exponent_);
  uint64_t* const bins[] = {above_.data(), below_.data()};
  uint64_t zeros = 0;
  for (const float number : numbers) {
    zeros += number == 0 ? 1 : 0;
    ++bins[number < 0 ? 1 : 0][static_cast<int32_t>(std::abs(number) * scale)];
  }
  above_[0] -= zeros;
  zeros_ += zeros;
  count_ += numbers.size();
  return true;
}

void Histogram::add(const Histogram& other) {
  widen(other.exponent_);
  add_bins(other.above_, exponent_ - other.exponent_, above_);
  add_bins(other.below_, exponent_ - other.exponent_, below_);
  least_ = std::min(least_, other.least_);
  most_ = std::max(most_, other.most_);
  count_ += other.count_;
  zeros_ += other.zeros_;
}

}  // namespace resnetc::driver
