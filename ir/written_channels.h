/// \file The channels of a tensor that kernels have written so far, for the checks of programs whose tensors are parts of others.
#pragma once

#include <cstdint>
#include <map>

#include "ir/program.h"

namespace resnetc::program {

/// Ranges of channels of one whole tensor. A value type; each function takes the logarithm of the number of ranges, or less on average.
class WrittenChannels {
 public:
  /// Whether all of a tensor's channels were written. The tensor is the whole or one of its parts.
  bool cover(const Tensor& tensor) const {
    const auto found = before(tensor.first_channel);
    return found != ranges_.end() && found->second >= tensor.first_channel + tensor.type.channels;
  }

  /// Whether writing the tensor would destroy channels that were written before: its own, or those that lie in the rest of its last vector.
  bool would_be_destroyed_by(const Tensor& tensor) const {
    const auto found = before(tensor.first_channel);
    if (found != ranges_.end() && found->second > tensor.first_channel) return true;
    const auto next = ranges_.upper_bound(tensor.first_channel);
    return next != ranges_.end() && next->first < tensor.first_channel + tensor.stored_channels();
  }

  void add(const Tensor& tensor) {
    int64_t first = tensor.first_channel, end = first + tensor.type.channels;
    if (const auto found = before(first); found != ranges_.end() && found->second == first) {
      first = found->first;
      ranges_.erase(found);
    }
    if (const auto next = ranges_.find(end); next != ranges_.end()) {
      end = next->second;
      ranges_.erase(next);
    }
    ranges_[first] = end;
  }

 private:
  using Ranges = std::map<int64_t, int64_t>;  ///< from the first channel to the end

  /// The last range that begins at `channel` or before, or end().
  Ranges::const_iterator before(int64_t channel) const {
    const auto after = ranges_.upper_bound(channel);
    return after == ranges_.begin() ? ranges_.end() : std::prev(after);
  }

  Ranges ranges_;
};

}  // namespace resnetc::program
