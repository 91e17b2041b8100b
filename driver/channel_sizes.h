/// \file The size of the values of each channel, by which their errors are measured.
#pragma once

#include <vector>

#include "ir/graph.h"
#include "ir/interpreter.h"

namespace resnetc::driver {

/// For each value of a graph and each of its channels, the largest absolute value. The result of a sum or of a choice (an addition, a ReLU,
/// a pool) counts as at least as large as its operands, because rounding depends on the operands' size, not on the size of the result.
class ChannelSizes {
 public:
  explicit ChannelSizes(const graph::Graph& graph) : graph_(graph), sizes_(graph.ops.size()) {}

  /// Records the values that interpret() made of `op`, an operation of the graph. Call it for each operation in order. Numbers that are not
  /// finite do not count. The result is valid until the next picture is interpreted.
  const std::vector<double>& add(const graph::Op& op, const Values& values);
  /// The sizes of a value that was added.
  const std::vector<double>& of(graph::ValueId value) const { return sizes_[static_cast<size_t>(value)]; }

 private:
  const graph::Graph& graph_;
  std::vector<std::vector<double>> sizes_;
};

}  // namespace resnetc::driver
