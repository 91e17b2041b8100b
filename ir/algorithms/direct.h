/// \file Direct sums on a processor: a convolution that is summed in register tiles (codegen/cpu/direct.cpp).
#pragma once

#include <cstdint>
#include <string_view>

#include "ir/algorithms/parameters.h"

namespace resnetc::program {

struct DirectSchedule {
  static constexpr std::string_view name = "direct";

  int64_t vectors = 1;  ///< register tile: vectors of 16 channels, at most max_tile_vectors
  int64_t pixels = 1;   ///< register tile: pixels of a row, or of the whole flattened picture; vectors * pixels is at most max_tile
  int64_t rows = 1;     ///< rows of one task (tiles, if flattened but not staged); 0: too little work to share, a picture is one task
  bool flat = false;    ///< the pixels of all rows form one axis, so that tiles need not divide a row
  int64_t depth = 0;    ///< number of input channels that all tiles of a task sum before they go on to the next; 0: a tile sums all
  bool wide = false;    ///< a task has all output channels: its tiles compute all channels of their pixels before they go on to others
  /// Of integers, the number of adjacent input channels whose products are summed together: 4 for instructions that sum four products of
  /// bytes, 2 for those that sum two of 16 bits, 1 for neither. 0: the sums are no integers.
  int64_t dot = 0;
  bool operator==(const DirectSchedule&) const = default;
};

template <class Fields>
void describe(Fields& fields, DirectSchedule& schedule) {
  auto& [vectors, pixels, rows, flat, depth, wide, dot] = schedule;  // a new parameter stops the build here
  fields.number("vectors", vectors, meaning::vectors);
  fields.number("pixels", pixels, meaning::pixels);
  fields.number("rows", rows, meaning::rows);
  fields.flag("flat", flat, meaning::flat);
  fields.unless_zero("depth", depth,
                     "input channels that all tiles of a task sum before they go on to the next; 0: a tile sums all at once");
  fields.flag("wide", wide, "whether a task has all output channels, which are computed for some pixels before the next");
  fields.unless_zero("dot", dot, "of integers, adjacent input channels whose products are summed together: 4, 2 or 1; 0: of floats");
}

const Implementation& implementation_of(const DirectSchedule&);

/// Whether the pixels of a flat schedule do not lie along one axis in memory, so that sums of tiles become rows by way of scratch memory.
/// False for other algorithms.
bool is_staged(const KernelSpec& spec);
/// Whether the sums of a task are kept in scratch memory: those of a staged kernel, and those that are summed in several steps.
bool keeps_sums(const KernelSpec& spec);
/// The sums that a task keeps, in whole tiles, with the axes c, x and y.
ScratchBuffer kept_sums(const KernelSpec& spec);

}  // namespace resnetc::program
