/// \file The one way of every kernel that is no convolution, on a processor.
#pragma once

#include <cstdint>
#include <string_view>

#include "ir/algorithms/parameters.h"

namespace resnetc::program {

struct GeneralSchedule {
  static constexpr std::string_view name = "general";

  int64_t vectors = 1, pixels = 1;  ///< 1: kernels work vector by vector
  /// Rows of one task; 0: too little work to share, a whole picture is one task. Global pools and stores have units of their own (vectors
  /// of channels; rows, or pieces of a picture without a halo), which any other value shares.
  int64_t rows = 1;
  bool operator==(const GeneralSchedule&) const = default;
};

template <class Fields>
void describe(Fields& fields, GeneralSchedule& schedule) {
  auto& [vectors, pixels, rows] = schedule;  // a new parameter stops the build here
  fields.number("vectors", vectors, meaning::vectors);
  fields.number("pixels", pixels, meaning::pixels);
  fields.number("rows", rows, meaning::rows);
}

const Implementation& implementation_of(const GeneralSchedule&);

}  // namespace resnetc::program
