/// \file Reads the size of a cache in the form in which the system writes it.
#include "driver/caches.h"

#include <doctest/doctest.h>

using resnetc::driver::parse_cache_size;

TEST_CASE("a cache's size is read from the system's text, and nothing else is") {
  CHECK(parse_cache_size("32768K") == 32 << 20);
  CHECK(parse_cache_size("32M") == 32 << 20);
  CHECK(parse_cache_size("0K") == 0);
  for (const char* wrong : {"", "K", "32", "32G", "32KB", "-1K", " 32K", "32 K", "18014398509481984K", "99999999999999999999M"}) {
    CHECK_MESSAGE(!parse_cache_size(wrong), wrong);
  }
  CHECK(parse_cache_size("18014398509481983K") == uint64_t{18014398509481983} << 10);
}
