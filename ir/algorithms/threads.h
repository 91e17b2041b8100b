/// \file Any kernel on a GPU: each thread computes a tile of the result. Convolutions are direct sums.
#pragma once

#include <cstdint>
#include <string_view>

#include "ir/algorithms/parameters.h"
#include "ir/op.h"

namespace resnetc::program {

/// Each thread computes `channels` neighbouring channels of `tiles` pixels, rows by columns. With `flat`, the whole picture counts as one
/// row. A block has block.w neighbouring threads along the channels and block.h along these tiles. In a store of pictures, columns and
/// channels exchange their roles.
struct ThreadSchedule {
  static constexpr std::string_view name = "threads";

  int64_t channels = 0;
  Extent2 tiles{1, 1};
  Extent2 block{1, 1};
  bool flat = false;
  bool operator==(const ThreadSchedule&) const = default;
};

template <class Fields>
void describe(Fields& fields, ThreadSchedule& schedule) {
  auto& [channels, tiles, block, flat] = schedule;  // a new parameter stops the build here
  fields.number("channels", channels, meaning::channels);
  fields.extent("tiles", tiles, meaning::tiles);
  fields.extent("block", block, "threads of a block: along tiles, along channels");
  fields.flag("flat", flat, meaning::flat);
}

const Implementation& implementation_of(const ThreadSchedule&);

}  // namespace resnetc::program
