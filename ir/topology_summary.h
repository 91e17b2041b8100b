/// \file Descriptions of the parts of a topology for people. The table of `check` and the editor use the same ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ir/topology.h"

namespace resnetc::topology {

/// The cost for one picture. A number that does not fit in 64 bits becomes the largest number.
struct Cost {
  int64_t parameters = 0;  ///< parameters that training changes, so no running means and variances
  int64_t multiply_adds = 0;
  Cost& operator+=(const Cost& other);
  auto operator<=>(const Cost&) const = default;
};

/// The cost of a layer, or of all layers inside a block, stage or edge. Layers without types count as 0.
Cost cost(const Network& network, const Node& node);

/// A window and its properties that differ from the defaults, with a blank before it: ` 3x3 /2 groups 4`, or ` 3 /2` if a line is made.
std::string described_window(const OpAttributes& attributes, const TensorType& made);
/// A layer of the network and its properties that differ from the defaults: `conv 3x3 /2 groups 4`.
std::string described(const Network& network, const Node& layer);
/// The kind in words: `identity block`.
std::string_view described(BlockKind kind);
/// The type of a value: `f32[N, 64, 56, 56]`, or `?` before infer-shapes.
std::string shape(const Network& network, ValueId value);
/// The word that the kind has in a network's text: `skip`.
std::string_view word(NodeKind kind);
/// The words that an edge begins with in a network's text: `skip`, `concat spread`.
std::string words(const Node& edge);
/// Where a skip or concat edge starts and what lies on it, or what a `from` goes back to: `from in = layer1.0.relu via downsample`.
std::string described_source(const Network& network, const Node& node);

}  // namespace resnetc::topology
