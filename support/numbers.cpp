/// \file Numbers for people.
#include "support/numbers.h"

#include <fmt/format.h>

namespace resnetc {

std::string grouped(int64_t value) {
  std::string digits = fmt::format("{}", value);
  for (size_t at = digits.size(); at > 3 && digits[at - 4] != '-'; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string plural(int64_t count, std::string_view word) { return fmt::format("{}{}", word, count == 1 ? "" : "s"); }

}  // namespace resnetc
