/// \file Measured figures have three digits.
#include "driver/digits.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using resnetc::driver::three_digits;

TEST_CASE("measured figures are printed with three digits, and no false ones") {
  const auto text = [](double value) { return fmt::format("{}", three_digits(value)); };
  CHECK(text(1.39) == "1.39");
  CHECK(text(1.3912) == "1.39");
  CHECK(text(0.58349) == "0.583");
  CHECK(text(0) == "0");
  CHECK(text(3.4567e9) == "3460000000");
  for (int i = 100; i < 1000; ++i) CHECK(text(i / 100.0 + 0.0012).size() <= 4);
}
