/// \file What a library's kernels compute, counted for each value of the network's graph.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "driver/histogram.h"
#include "driver/loaded_library.h"
#include "ir/graph.h"

namespace resnetc::driver {

/// The histograms of a graph's values over any number of runs. Memory is that of one Histogram for each value.
///
/// Some values have no kernel of their own: kernels write a concatenation in parts, and read a slice from the whole. Theirs follow from the
/// kernels that made their elements.
class ValueHistograms {
 public:
  /// `graph` must outlive this object.
  explicit ValueHistograms(const graph::Graph& graph);

  /// Counts what the kernels of each further run of `session` compute. The session's library must be compiled from the graph, for a
  /// processor. This object must outlive the session.
  void watch(Session& session) { session.observe(take, this); }
  /// The first value with an element that is no finite number; empty if there is none. What came after it is not counted.
  const std::string& not_finite() const { return not_finite_; }
  /// To be called once, after the runs: the histogram of each value, in the graph's order. A value that no kernel made has an empty one.
  const std::vector<Histogram>& finish();

 private:
  /// A value that has some of the channels which a kernel writes.
  struct Slice {
    size_t value;
    int64_t first, channels;
  };

  static void take(void* self, const rn_observation* seen);
  void add(const rn_observation& seen);
  void find_slice(size_t value);
  size_t value_of(const rn_observation& seen);

  const graph::Graph& graph_;
  std::map<std::string, size_t, std::less<>> with_kernel_;  ///< the values that have kernels of their own
  std::vector<size_t> of_kernel_;                           ///< the value of each kernel of the library; made at the first observation
  std::vector<std::vector<Slice>> slices_;                  ///< of the values with kernels
  std::vector<Histogram> histograms_;                       ///< those of concatenations are empty before finish()
  std::vector<float> numbers_;
  std::string not_finite_;
};

}  // namespace resnetc::driver
