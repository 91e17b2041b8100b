/// \file Formats numbers for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace resnetc {

/// 1234567 as "1,234,567".
std::string grouped(int64_t value);
/// "layer" for 1, "layers" for any other count.
std::string plural(int64_t count, std::string_view word);

}  // namespace resnetc
