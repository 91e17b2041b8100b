/// \file Depthwise convolutions on a processor: each channel has a window of its own, and vectors hold channels side by side
/// (codegen/cpu/depthwise.cpp).
#pragma once

#include <cstdint>
#include <string_view>

#include "ir/algorithms/parameters.h"
#include "ir/op.h"

namespace resnetc::program {

struct DepthwiseSchedule {
  static constexpr std::string_view name = "depthwise";

  int64_t channels = 16;  ///< channels that are computed together: 16, 8 or 4, what a register of the target holds
  Extent2 tiles{1, 1};    ///< register tile: rows and columns of pixels of one vector of channels
  int64_t vectors = 1;    ///< vectors of 16 channels of a task, for each place of the tile
  int64_t rows = 1;       ///< rows of tiles of one task; 0: too little work to share, a picture is one task
  bool operator==(const DepthwiseSchedule&) const = default;
};

template <class Fields>
void describe(Fields& fields, DepthwiseSchedule& schedule) {
  auto& [channels, tiles, vectors, rows] = schedule;  // a new parameter stops the build here
  fields.number("channels", channels, meaning::channels);
  fields.extent("tiles", tiles, meaning::tiles);
  fields.number("vectors", vectors, meaning::vectors);
  fields.number("rows", rows, meaning::rows);
}

const Implementation& implementation_of(const DepthwiseSchedule&);

/// Whether a convolution has as many groups as channels, one of the input and one of the result each.
bool can_be_depthwise(const KernelSpec& spec);

}  // namespace resnetc::program
