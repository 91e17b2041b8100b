/// \file How large the values of each channel are: what an error of theirs is measured by.
#pragma once

#include <vector>

#include "ir/graph.h"
#include "ir/interpreter.h"

namespace resnetc::driver {

/// For each value of a graph and each of its channels, the largest absolute value. What comes out of a sum or is chosen from other values
/// (an addition, a ReLU, a pool) counts as at least as large as these: rounding is as large as what was added, not as what is left of it.
class ChannelSizes {
 public:
  explicit ChannelSizes(const graph::Graph& graph) : graph_(graph), sizes_(graph.ops.size()) {}

  /// Takes in what interpret() made of `op`, an operation of the graph; call it for each in order. Numbers that are not finite do not
  /// count. The result holds until the next picture is interpreted.
  const std::vector<double>& add(const graph::Op& op, const Values& values);
  /// Of a value that was added.
  const std::vector<double>& of(graph::ValueId value) const { return sizes_[static_cast<size_t>(value)]; }

 private:
  const graph::Graph& graph_;
  std::vector<std::vector<double>> sizes_;
};

}  // namespace resnetc::driver
