/// \file What an observer sees of one element.
#pragma once

#include <bit>
#include <cstdint>

#include "runtime/runtime.h"

namespace resnetc::driver {

/// The element at `offset` elements from the first one, as it is stored: an integer counts as itself.
inline float element_at(const rn_observation& seen, int64_t offset) {
  if (seen.data != nullptr) return seen.data[offset];
  if (seen.bf16 != nullptr) return std::bit_cast<float>(static_cast<uint32_t>(seen.bf16[offset]) << 16);
  return static_cast<float>(seen.integers[offset]);
}

/// The number that the element means.
inline float number_at(const rn_observation& seen, int64_t offset) {
  const float element = element_at(seen, offset);
  return seen.integers == nullptr ? element : seen.scale * (element - static_cast<float>(seen.zero));
}

}  // namespace resnetc::driver
