/// \file What an observer sees of one element.
#pragma once

#include <cstdint>

#include "runtime/runtime.h"

namespace resnetc::driver {

/// The element at `offset` elements from the first one, as it is stored: an integer counts as itself.
inline float element_at(const rn_observation& seen, int64_t offset) {
  return seen.data != nullptr ? seen.data[offset] : static_cast<float>(seen.integers[offset]);
}

/// The number that the element means.
inline float number_at(const rn_observation& seen, int64_t offset) {
  const float element = element_at(seen, offset);
  return seen.data != nullptr ? element : seen.scale * (element - static_cast<float>(seen.zero));
}

}  // namespace resnetc::driver
