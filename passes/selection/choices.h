/// \file What select-kernels decides about a graph before tensors have layouts and kernels have schedules.
#pragma once

#include <vector>

#include "ir/algorithms/implementation.h"
#include "ir/graph.h"
#include "passes/context.h"

namespace resnetc::passes {

struct KernelChoices {
  bool input_as_it_is = false;                       ///< the input has no gaps between its pixels: only convolutions read it
  graph::ValueId loaded = 0;                         ///< what the load makes: the input, or its integers if nothing else reads it
  bool loaded_in_fours = false;                      ///< `loaded` has at most four channels, and only sums of integers read it
  std::vector<graph::ValueId> values;                ///< the values that convolutions compute
  std::vector<program::Convolution> convolutions;    ///< those of `values`
  std::vector<program::AlgorithmChoice> algorithms;  ///< of each value of the graph
  std::vector<graph::ValueId> pools;                 ///< for a value, the pool with which its kernel ends; for such a pool, that value

  const program::AlgorithmChoice& algorithm(graph::ValueId value) const { return algorithms[static_cast<size_t>(value)]; }
  graph::ValueId pool(graph::ValueId value) const { return pools[static_cast<size_t>(value)]; }
  /// Those of `values`.
  std::vector<program::AlgorithmChoice> convolution_algorithms() const;
  void set_convolution_algorithms(const std::vector<program::AlgorithmChoice>& chosen);
};

/// By the model alone, without what was measured.
KernelChoices choose_kernels(const graph::Graph& graph, const PassContext& context);

}  // namespace resnetc::passes
