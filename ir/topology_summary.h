/// \file What people are told about the parts of a topology: `check`'s table and the editor say the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ir/topology.h"

namespace resnetc::topology {

/// For one picture. What does not fit in 64 bits stays at the largest number.
struct Cost {
  int64_t parameters = 0;  ///< those that training changes: no running means and variances
  int64_t multiply_adds = 0;
  Cost& operator+=(const Cost& other);
  auto operator<=>(const Cost&) const = default;
};

/// Of a layer, or of all layers inside a block, stage or edge. Layers without types count nothing.
Cost cost(const Network& network, const Node& node);

/// ` 3x3 /2 groups 4`: a window, from its blank, with what is not its default.
std::string described_window(const OpAttributes& attributes);
/// `conv 3x3 /2 groups 4`: a layer with what is not its default.
std::string described(const Node& layer);
/// `identity block`.
std::string_view described(BlockKind kind);
/// `f32[N, 64, 56, 56]`, or `?` before infer-shapes.
std::string shape(const Network& network, ValueId value);
/// `from in = layer1.0.relu via downsample`: where a skip edge starts and what lies on it.
std::string described_edge(const Network& network, const Node& skip);

}  // namespace resnetc::topology
