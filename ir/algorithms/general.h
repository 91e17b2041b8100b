/// \file The algorithm of every kernel on a processor that is no convolution.
#pragma once

#include <cstdint>
#include <string_view>

#include "ir/algorithms/parameters.h"

namespace resnetc::program {

struct GeneralSchedule {
  static constexpr std::string_view name = "general";

  int64_t vectors = 1;  ///< vectors of channels that a load or store of planes moves together (not if rows are shorter than 4)
  /// The rows of one task. 0: there is too little work to share, so a whole picture is one task. Global pools and stores have their own
  /// units of work, which they share for any value but 0: vectors of channels for a pool; for a store, groups of `vectors` vectors of
  /// channels, or if there is only one group, rows or pieces of a picture without a halo.
  int64_t rows = 1;
  bool operator==(const GeneralSchedule&) const = default;
};

template <class Fields>
void describe(Fields& fields, GeneralSchedule& schedule) {
  auto& [vectors, rows] = schedule;  // a new parameter stops the build here
  fields.number("vectors", vectors, meaning::vectors);
  fields.number("rows", rows, meaning::rows);
}

const Implementation& implementation_of(const GeneralSchedule&);

}  // namespace resnetc::program
