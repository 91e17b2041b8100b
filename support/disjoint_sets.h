/// \file Sets that are joined, of numbers from 0 on: which values share something.
#pragma once

#include <cstddef>
#include <numeric>
#include <vector>

namespace resnetc {

/// Not for several threads at once, not even its const functions.
class DisjointSets {
 public:
  /// Each of the numbers below `count` alone.
  explicit DisjointSets(size_t count) : towards_(count) { std::iota(towards_.begin(), towards_.end(), size_t{0}); }

  /// The number that stands for the whole set of `element`. It shortens the way that the next call goes.
  size_t leader(size_t element) const {
    while (towards_[element] != element) element = towards_[element] = towards_[towards_[element]];
    return element;
  }
  /// Joins the sets of both. The leader of the first is that of all.
  void join(size_t a, size_t b) { towards_[leader(b)] = leader(a); }

 private:
  mutable std::vector<size_t> towards_;  ///< of each element, another of its set that is nearer to the leader, or itself
};

}  // namespace resnetc
