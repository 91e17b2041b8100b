/// \file The reference interpreter of the graph: plain loops in float64. It is the oracle for every pass and every kernel. It runs a graph
/// before and after any graph pass, including epilogues.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "ir/recipe.h"

namespace resnetc {

/// A value for one picture, planar: element (c, y, x) at (c * height + y) * width + x.
using Values = std::vector<double>;

/// Interprets `graph` for one picture. `input` is planar and already float. For an input of u8 it holds raw pixel values 0..255 in planar
/// order, and the interpreter normalises them. The weights must have every tensor of checkpoint_tensors(). Returns the outputs in order.
/// `observe` (may be empty) receives every operation and its value as soon as the value is made. What it makes of the value is what later
/// operations read. Values are freed after their last use. A quantized value has its integers.
std::vector<Values> interpret(const graph::Graph& graph, const WeightSource& weights, const Values& input,
                              const std::function<void(const graph::Op&, Values&)>& observe = {});

/// Weights from the generator that docs/exactness.md describes, for tests, `verify` and benchmarks without a checkpoint. The values depend
/// only on the tensor's name and shape. The generator is SplitMix64 seeded with the 64-bit FNV-1a hash of the name. Element i is drawn from
/// the i-th output as u = (z >> 11) * 2^-53 in [0, 1).
///   *.running_var:  0.5 + u
///   *.running_mean: 0.2 * (u - 0.5)
///   rank 1 "*.weight" (a batch norm's scale): (0.5 + 0.5 * u), negated when the lowest bit of z is set
///   rank 1 "*.bias": 0.2 * (u - 0.5)
///   rank 2 to 4 "*.weight": (2 * u - 1) * sqrt(3 * 2 / fan_in), fan_in the product of all dimensions but the first
/// Every value is then rounded to float32, because a checkpoint would hold float32 values.
class GeneratedWeights final : public WeightSource {
 public:
  std::vector<double> read(const std::string& name, const std::vector<int64_t>& shape) const override;
};

/// The generator's pictures: element i of picture k of an input called `name` is 2 * u - 1 from the stream seeded with the hash of
/// "NAME#k", rounded to float32, in planar order; elements of u8 are floor(256 * u) instead.
Values generated_input(const std::string& name, int64_t picture, int64_t elements, ElementType type);

}  // namespace resnetc
