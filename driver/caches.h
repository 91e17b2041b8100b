/// \file The sizes of this machine's caches, as the system states them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace resnetc::driver {

/// Sizes in bytes, 0 where the system does not say or there is no such cache.
struct Caches {
  uint64_t first = 0, second = 0, third = 0;
  int64_t first_ways = 0;
};
Caches caches_here();

/// A cache's size as Linux writes it under /sys, "32768K" or "32M", in bytes; nothing for any other text.
std::optional<uint64_t> parse_cache_size(std::string_view text);

}  // namespace resnetc::driver
