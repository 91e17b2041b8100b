/// \file The methods that choose ranges, on distributions whose ranges are known, and beside a search over all ranges.
#include "driver/range_methods.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

using namespace resnetc;
using driver::choose_range;
using driver::ChosenRange;
using driver::Histogram;
using driver::RangeMethod;

namespace {

constexpr RangeMethod every_method[] = {RangeMethod::minmax, RangeMethod::percentile, RangeMethod::mse, RangeMethod::entropy};

Histogram histogram_of(const std::vector<float>& numbers) {
  Histogram seen;
  REQUIRE(seen.add(numbers));
  return seen;
}

std::vector<float> normal_numbers(size_t count, bool positive, uint32_t seed = 1) {
  // The sum of twelve even numbers: std::normal_distribution differs from library to library.
  std::mt19937 random(seed);
  std::vector<float> numbers(count);
  for (float& number : numbers) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(random()) / 4294967296.0;
    number = positive ? std::max(0.0F, static_cast<float>(sum)) : static_cast<float>(sum);
  }
  return numbers;
}

/// The mean squared error that integers of this range have on the numbers.
double true_error(const std::vector<float>& numbers, double low, double high) {
  const double step = (high - low) / 255;
  double sum = 0;
  for (const float number : numbers) {
    if (number == 0) continue;
    const double clipped = std::clamp(static_cast<double>(number), low, high);
    const double rounded = step > 0 ? low + std::round((clipped - low) / step) * step : 0;
    sum += (rounded - static_cast<double>(number)) * (rounded - static_cast<double>(number));
  }
  return sum / static_cast<double>(numbers.size());
}

/// The squared distances of the elements beyond each end, of elements that are spread evenly over their bins: for an element between d and
/// d + 1 bins beyond, the mean square is d^2 + d + 1/3.
std::vector<double> clipping_errors(std::span<const uint64_t> bins) {
  std::vector<double> errors(bins.size() + 1);
  for (size_t end = 0; end < bins.size(); ++end) {
    for (size_t i = end; i < bins.size(); ++i) {
      const auto distance = static_cast<double>(i - end);
      errors[end] += static_cast<double>(bins[i]) * (distance * distance + distance + 1.0 / 3);
    }
  }
  return errors;
}

}  // namespace

TEST_CASE("range methods: their names") {
  CHECK(driver::range_method_names().size() == 4);
  for (const RangeMethod method : every_method) {
    CHECK(driver::range_method_named(driver::range_method_names()[static_cast<size_t>(method)]) == method);
  }
  CHECK_FALSE(driver::range_method_named("max"));
}

TEST_CASE("range methods: nothing, zeros, and one number") {
  for (const RangeMethod method : every_method) {
    for (const std::vector<float>& numbers : {std::vector<float>{}, std::vector<float>(100, 0.0F), std::vector<float>(100, -0.0F)}) {
      const ChosenRange chosen = choose_range(histogram_of(numbers), method);
      CHECK(chosen.low == 0);
      CHECK_FALSE(std::signbit(chosen.low));
      CHECK(chosen.high == 0);
      CHECK(chosen.outside == 0);
    }
    for (const float number : {1.0F, 0.3F, -0.3F, 1e-30F, 3e38F}) {
      const ChosenRange chosen = choose_range(histogram_of(std::vector<float>(7, number)), method);
      const auto exact = static_cast<double>(number);
      const double unit = std::abs(exact) * (method == RangeMethod::percentile ? 1e-3 : 0);
      CHECK(std::abs(chosen.low - std::min(0.0, exact)) <= unit);
      CHECK(std::abs(chosen.high - std::max(0.0, exact)) <= unit);
    }
  }
}

TEST_CASE("range methods: every range holds 0 and lies in what was seen") {
  for (uint32_t seed = 0; seed < 10; ++seed) {
    for (const bool positive : {false, true}) {
      std::vector<float> numbers = normal_numbers(3000, positive && seed % 3 != 1, seed);
      if (seed % 3 == 1) {
        for (float& number : numbers) number = number * 0.1F + 3;  // far from zero
      }
      if (seed % 3 == 2) numbers.push_back(1e6F);
      const Histogram seen = histogram_of(numbers);
      for (const RangeMethod method : every_method) {
        const ChosenRange chosen = choose_range(seen, method);
        CHECK(chosen.low <= 0);
        CHECK(chosen.high >= 0);
        CHECK(chosen.low >= seen.least());
        CHECK(chosen.high <= seen.most());
        const auto outside = std::count_if(numbers.begin(), numbers.end(), [&](float number) {
          return static_cast<double>(number) < chosen.low || static_cast<double>(number) > chosen.high;
        });
        CHECK(std::abs(chosen.outside - static_cast<double>(outside) / static_cast<double>(numbers.size())) < 2e-3);
      }
    }
  }
}

TEST_CASE("range methods: minmax is what was seen") {
  const ChosenRange chosen = choose_range(histogram_of({-0.7F, 0.1F, 3.3F}), RangeMethod::minmax);
  CHECK(chosen.low == static_cast<double>(-0.7F));
  CHECK(chosen.high == static_cast<double>(3.3F));
  CHECK(chosen.outside == 0);
}

TEST_CASE("range methods: percentile cuts as many on each side") {
  std::vector<float> numbers;
  for (int i = -100; i <= 900; ++i) {
    for (int k = 0; k < 10; ++k) numbers.push_back(static_cast<float>(i) + 0.5F);
  }
  const Histogram seen = histogram_of(numbers);  // 10010 numbers, ten in each unit
  const ChosenRange chosen = choose_range(seen, RangeMethod::percentile, 98);
  CHECK(std::abs(chosen.low - -89.5) < 0.6);  // 100.1 numbers lie below
  CHECK(std::abs(chosen.high - 890.5) < 0.6);
  CHECK(std::abs(chosen.outside - 0.02) < 1e-3);
  const ChosenRange all = choose_range(seen, RangeMethod::percentile, 100);
  CHECK(all.low == -99.5);
  CHECK(all.high == 900.5);
  // A side that holds fewer than are cut has nothing left.
  CHECK(choose_range(seen, RangeMethod::percentile, 70).low == 0);
}

TEST_CASE("range methods: mse finds the best of all ranges") {
  std::mt19937 random(1);
  for (int round = 0; round < 12; ++round) {
    std::vector<float> numbers;
    for (int i = 0; i < 300; ++i)
      numbers.push_back(static_cast<float>(static_cast<int>(random() % 200) - (round % 3 == 0 ? 0 : 100)) / 101);
    for (int i = 0; i < 400; ++i) numbers.push_back(static_cast<float>(random() % 100) / 500);
    // Not at the beginning of a bin, where two ends would be the same.
    numbers.push_back(round % 2 == 0 ? 300.05F : 20.01F + static_cast<float>(round));
    if (round % 4 == 3) {
      for (float& number : numbers) number = -number;
    }
    const Histogram seen = histogram_of(numbers);
    const std::vector<double> below = clipping_errors(seen.below()), above = clipping_errors(seen.above());
    const auto error = [&](size_t low, size_t high) {
      const auto length = static_cast<double>(low + high);
      return static_cast<double>(seen.count() - seen.zeros()) * length * length / (255.0 * 255 * 12) + below[low] + above[high];
    };
    double best = std::numeric_limits<double>::infinity();
    for (size_t low = 0; low < below.size(); ++low) {
      for (size_t high = 0; high < above.size(); ++high) best = std::min(best, error(low, high));
    }
    const ChosenRange chosen = choose_range(seen, RangeMethod::mse);
    const auto low = chosen.low == seen.least() ? below.size() - 1 : static_cast<size_t>(std::lround(-chosen.low / seen.width()));
    const auto high = chosen.high == seen.most() ? above.size() - 1 : static_cast<size_t>(std::lround(chosen.high / seen.width()));
    CHECK(error(low, high) <= best * (1 + 1e-12));
  }
}

TEST_CASE("range methods: mse on exponential numbers clips where theory says") {
  // With the density exp(-x), clipping at a costs 2 exp(-a), and rounding (a / 255)^2 / 12. The sum is least at a = 11.156. With the
  // density exp(-|x|) / 2 the range is twice as long, and a is 9.89.
  constexpr int count = 400'000;
  for (const bool positive : {true, false}) {
    std::vector<float> numbers;
    for (int i = 0; i < count; ++i) {
      const auto number = static_cast<float>(-std::log((i + 0.5) / count));
      numbers.push_back(number);
      if (!positive) numbers.push_back(-number);
    }
    const ChosenRange chosen = choose_range(histogram_of(numbers), RangeMethod::mse);
    CHECK(std::abs(chosen.high - (positive ? 11.156 : 9.89)) < 0.1);
    CHECK(std::abs(chosen.low - (positive ? 0 : -9.89)) < 0.1);
  }
}

TEST_CASE("range methods: mse on numbers as they come has nearly the least error that any range has") {
  for (const bool positive : {false, true}) {
    std::vector<float> numbers = normal_numbers(5'000, positive);
    numbers.push_back(22);
    const ChosenRange chosen = choose_range(histogram_of(numbers), RangeMethod::mse);
    double best = std::numeric_limits<double>::infinity();
    for (double high = 1; high <= 22; high += 0.5) {
      for (double low = positive ? 0 : -6; low <= 0; low += 0.5) best = std::min(best, true_error(numbers, low, high));
    }
    CHECK(true_error(numbers, chosen.low, chosen.high) < best * 1.1);
    CHECK((chosen.low == 0) == positive);
  }
}

TEST_CASE("range methods: entropy leaves out what is rare, and keeps what comes evenly") {
  std::vector<float> numbers = normal_numbers(100'000, false);
  numbers.push_back(60);
  const ChosenRange chosen = choose_range(histogram_of(numbers), RangeMethod::entropy);
  CHECK(chosen.high < 12);
  CHECK(chosen.high > 2);
  CHECK(chosen.low < -2);
  std::vector<float> even;
  for (int i = 1; i <= 100'000; ++i) even.push_back(static_cast<float>(i) / 1000);
  const ChosenRange all = choose_range(histogram_of(even), RangeMethod::entropy);
  CHECK(all.low == 0);
  CHECK(all.high == 100);
  // The same below zero.
  for (float& number : even) number = -number;
  const ChosenRange mirrored = choose_range(histogram_of(even), RangeMethod::entropy);
  CHECK(mirrored.low == -100);
  CHECK(mirrored.high == 0);
}
