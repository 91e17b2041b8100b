/// \file Histograms in bounded memory: whatever the order of the numbers, and however they are split.
#include "driver/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

using namespace resnetc;
using driver::Histogram;

namespace {

bool same_counts(const Histogram& a, const Histogram& b) {
  const auto equal = [](std::span<const uint64_t> x, std::span<const uint64_t> y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  };
  return a.width() == b.width() && a.count() == b.count() && a.zeros() == b.zeros() && a.least() == b.least() && a.most() == b.most() &&
         equal(a.above(), b.above()) && equal(a.below(), b.below());
}

/// Numbers whose sizes differ by orders of magnitude, zeros among them.
std::vector<float> many_numbers(uint32_t seed, size_t count) {
  std::mt19937 random(seed);
  std::vector<float> numbers(count);
  for (float& number : numbers) {
    const auto digits = static_cast<float>(random() % 2001) - 1000;
    number = std::ldexp(digits, static_cast<int>(random() % 40) - 30);
  }
  return numbers;
}

}  // namespace

TEST_CASE("histogram: bins are counted by hand") {
  Histogram seen;
  CHECK(seen.count() == 0);
  CHECK(seen.above().empty());
  REQUIRE(seen.add(std::vector<float>{0.0F, -0.0F, 1.0F, 2047.5F, 4095.0F, -3.0F}));
  CHECK(seen.width() == 1);
  CHECK(seen.count() == 6);
  CHECK(seen.zeros() == 2);
  CHECK(seen.least() == -3);
  CHECK(seen.most() == 4095);
  REQUIRE(seen.above().size() == 4096);
  CHECK(seen.above()[0] == 0);
  CHECK(seen.above()[1] == 1);
  CHECK(seen.above()[2047] == 1);
  CHECK(seen.above()[4095] == 1);
  REQUIRE(seen.below().size() == 4);
  CHECK(seen.below()[3] == 1);
  // One more, and the bins are twice as wide.
  REQUIRE(seen.add(std::vector<float>{4096.0F}));
  CHECK(seen.width() == 2);
  REQUIRE(seen.above().size() == 2049);
  CHECK(seen.above()[0] == 1);
  CHECK(seen.above()[1023] == 1);
  CHECK(seen.above()[2047] == 1);
  CHECK(seen.above()[2048] == 1);
  REQUIRE(seen.below().size() == 2);
  CHECK(seen.below()[1] == 1);
}

TEST_CASE("histogram: neither order nor parts nor merging changes the counts") {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::vector<float> numbers = many_numbers(seed, 500);
    Histogram at_once;
    REQUIRE(at_once.add(numbers));
    std::shuffle(numbers.begin(), numbers.end(), std::mt19937(seed + 1));
    Histogram one_by_one, merged;
    for (size_t i = 0, size = 1; i < numbers.size(); i += size, size = size % 7 + 1) {
      const auto numbers_of_part = std::span(numbers).subspan(i, std::min(size, numbers.size() - i));
      Histogram part;
      REQUIRE(one_by_one.add(numbers_of_part));
      REQUIRE(part.add(numbers_of_part));
      merged.add(part);
    }
    CHECK(same_counts(at_once, one_by_one));
    CHECK(same_counts(at_once, merged));
  }
}

TEST_CASE("histogram: the extremes of float32") {
  using Limits = std::numeric_limits<float>;
  Histogram seen;
  REQUIRE(seen.add(std::vector<float>{Limits::max(), Limits::lowest(), Limits::min(), Limits::denorm_min(), -Limits::denorm_min()}));
  CHECK(seen.most() == static_cast<double>(Limits::max()));
  CHECK(seen.least() == static_cast<double>(Limits::lowest()));
  CHECK(seen.above().size() == 4096);
  CHECK(seen.above()[0] == 2);
  CHECK(seen.below()[0] == 1);
  CHECK(seen.zeros() == 0);
  Histogram tiny;
  REQUIRE(tiny.add(std::vector<float>{0.0F}));
  CHECK(tiny.above().empty());
  REQUIRE(tiny.add(std::vector<float>{Limits::denorm_min()}));
  CHECK(tiny.above().size() == 1);
  REQUIRE(tiny.add(std::vector<float>{1.0F}));
  CHECK(tiny.above().size() == 2049);
  CHECK(tiny.above()[0] == 1);
}

TEST_CASE("histogram: numbers that are not finite are refused, all or none") {
  for (const float odd : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN()}) {
    Histogram seen;
    REQUIRE(seen.add(std::vector<float>{1.0F}));
    CHECK_FALSE(seen.add(std::vector<float>{2.0F, odd, 3.0F}));
    CHECK(seen.count() == 1);
    CHECK(seen.most() == 1);
  }
}
