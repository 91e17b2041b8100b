/// \file Asks the kernel, and the C library where the kernel is silent.
#include "driver/caches.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <string>

namespace resnetc::driver {
namespace {

/// The first word of a file about a cache; empty if there is none.
std::string word_of(int index, const char* name) {
  std::string word;
  std::ifstream("/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/" + name) >> word;
  return word;
}

/// The number at the beginning of the text; 0 if there is none.
int64_t number_in(std::string_view text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

uint64_t from_library(int name) { return static_cast<uint64_t>(std::max(0L, sysconf(name))); }

/// In virtual machines the C library may report the sum over all sockets.
uint64_t smaller_known(uint64_t a, uint64_t b) { return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b); }

}  // namespace

std::optional<uint64_t> parse_cache_size(std::string_view text) {
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<size_t>(stop - text.data()));
  const int shift = unit == "K" ? 10 : unit == "M" ? 20 : 0;
  if (error != std::errc() || shift == 0 || number > std::numeric_limits<uint64_t>::max() >> shift) return std::nullopt;
  return number << shift;
}

Caches caches_here() {
  constexpr int most = 16;  // caches that the kernel lists for a core
  uint64_t sizes[4] = {};
  Caches caches;
  for (int i = 0; i < most && !word_of(i, "level").empty(); ++i) {
    const std::string level = word_of(i, "level");
    if (word_of(i, "type") == "Instruction" || level.size() != 1 || level[0] < '1' || level[0] > '3') continue;
    sizes[level[0] - '0'] = parse_cache_size(word_of(i, "size")).value_or(0);
    if (level == "1") caches.first_ways = number_in(word_of(i, "ways_of_associativity"));
  }
  caches.first = smaller_known(sizes[1], from_library(_SC_LEVEL1_DCACHE_SIZE));
  caches.second = smaller_known(sizes[2], from_library(_SC_LEVEL2_CACHE_SIZE));
  caches.third = smaller_known(sizes[3], from_library(_SC_LEVEL3_CACHE_SIZE));
  if (caches.first_ways <= 0) caches.first_ways = std::max(0L, sysconf(_SC_LEVEL1_DCACHE_ASSOC));
  return caches;
}

}  // namespace resnetc::driver
