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
  int64_t vectors = 1;    ///< number of vectors of 16 channels that a task computes at each place of the tile
  int64_t rows = 1;       ///< rows of tiles of one task; 0: there is too little work to share, so a picture is one task
  bool staged = false;    ///< whether a vector of channels of the pixels that a row of tiles reads is first copied to scratch memory
  bool operator==(const GroupedSchedule&) const = default;
};

template <class Fields>
void describe(Fields& fields, GroupedSchedule& schedule) {
  auto& [channels, tiles, vectors, rows, staged] = schedule;  // a new parameter stops the build here
  fields.number("channels", channels, meaning::channels);
  fields.extent("tiles", tiles, meaning::tiles);
  fields.number("vectors", vectors, meaning::vectors);
  fields.number("rows", rows, meaning::rows);
  fields.flag("staged", staged, meaning::staged);
}

const Implementation& implementation_of(const GroupedSchedule&);

/// Whether a convolution has groups of 1, 2 or 4 channels of the input and as many of the result, stored in whole vectors. Wider groups are
/// direct sums, at the cost of at most twice their arithmetic.
bool can_be_grouped(const KernelSpec& spec);

/// Whether the code of the whole window is unrolled: it has at most nine elements, times the channels of a group. A larger window has a
/// loop over its rows.
bool is_window_unrolled(const KernelSpec& spec);

/// The pixels that a row of tiles reads, of one vector of channels, with the axes c, x and y. Only for a staged schedule.
ScratchBuffer copied_pixels(const KernelSpec& spec);

}  // namespace resnetc::program
