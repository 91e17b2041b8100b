/// \file Convolutions in groups of 1, 2 or 4 channels on a processor: a vector holds the channels of whole groups
/// (codegen/cpu/grouped.cpp). Groups of one channel are depthwise convolutions.
#pragma once

#include <cstdint>
#include <string_view>

#include "ir/algorithms/parameters.h"
#include "ir/op.h"

namespace resnetc::program {

struct GroupedSchedule {
  static constexpr std::string_view name = "grouped";

  int64_t channels = 16;  ///< number of channels that are computed together: 16, 8 or 4, as many as a register of the target holds
  Extent2 tiles{1, 1};    ///< register tile of one vector of channels: its height and width in pixels
  int64_t vectors = 1;    ///< vectors of 16 channels that a task computes at each place of the tile, or the next divisor of all below
  int64_t rows = 1;       ///< rows of tiles of one task; 0: there is too little work to share, so a picture is one task
  bool operator==(const GroupedSchedule&) const = default;
};

template <class Fields>
void describe(Fields& fields, GroupedSchedule& schedule) {
  auto& [channels, tiles, vectors, rows] = schedule;  // a new parameter stops the build here
  fields.number("channels", channels, meaning::channels);
  fields.extent("tiles", tiles, meaning::tiles);
  fields.number("vectors", vectors, meaning::vectors);
  fields.number("rows", rows, meaning::rows);
}

const Implementation& implementation_of(const GroupedSchedule&);

/// Whether a convolution has groups of 1, 2 or 4 channels of the input and as many of the result, stored in whole vectors. Wider groups are
/// direct sums, at the cost of at most twice their arithmetic.
bool can_be_grouped(const KernelSpec& spec);

/// Whether the code of the whole window is unrolled: its height times its width times the channels of a group is at most 49. A larger
/// window has a loop over its rows. Unrolled, chains of eight 5x5 and 7x7 windows take 0.67 to 0.94 and 0.77 to 0.90 of the time (Intel
/// Xeon with AVX-512, tiles of 2x7; bench/chains.py, 'resnetc bench --threads 1').
bool is_window_unrolled(const KernelSpec& spec);

}  // namespace resnetc::program
