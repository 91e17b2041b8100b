/// \file Formats numbers for people.
#pragma once

#include <cstdint>
#include <string>

namespace resnetc {

/// 1234567 as "1,234,567".
std::string grouped(int64_t value);

}  // namespace resnetc
