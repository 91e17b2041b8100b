/// \file How the channels of a group norm are divided into pieces that need nothing of each other, and how many sums lie on a stack.
#pragma once

#include <cstdint>
#include <numeric>

#include "ir/recipe.h"

namespace resnetc {

/// The channels of a chunk: the least number of whole vectors that is a number of whole groups too, or all channels in whole vectors if
/// that is as many. `groups` divides `channels`.
inline int64_t channels_of_chunk(int64_t channels, int64_t groups) {
  const int64_t all = whole_vectors(channels), both = std::lcm(channels / groups, lanes);
  return all % both == 0 && both < all ? both : all;
}

/// The largest chunk, and the largest part of a softmax: the sums of its channels lie on the stack of a thread.
inline constexpr int64_t most_channels_of_chunk = 8192;

}  // namespace resnetc
