/// \file Strassen's products on a processor: a 1x1 convolution as matrices of halves (ir/strassen.h), pixels that are neighbours in a row
/// by channels of vectors in turn.
#pragma once

#include <cstdint>
#include <string_view>

#include "ir/algorithms/parameters.h"
#include "ir/op.h"

namespace resnetc::program {

/// `vectors` by `tiles` is the register tile of the products.
struct StrassenSchedule {
  static constexpr std::string_view name = "strassen";

  int64_t vectors = 1;  ///< vectors of 16 of half the output channels
  Extent2 tiles{1, 1};  ///< pairs of pixels that are multiplied together
  int64_t rows = 1;     ///< rows of one task, a multiple of tiles.h; 0: too little work to share, a picture is one task
  int64_t parts = 1;    ///< of the output channels, as even as can be: each is a task, for each block of rows
  bool operator==(const StrassenSchedule&) const = default;
};

template <class Fields>
void describe(Fields& fields, StrassenSchedule& schedule) {
  auto& [vectors, tiles, rows, parts] = schedule;  // a new parameter stops the build here
  fields.number("vectors", vectors, meaning::vectors);
  fields.extent("tiles", tiles, meaning::tiles);
  fields.number("rows", rows, meaning::rows);
  fields.number("parts", parts, meaning::parts);
}

const Implementation& implementation_of(const StrassenSchedule&);

/// Whether a convolution can be computed by Strassen's products: 1x1, of all pixels, all channels in whole halves.
bool can_be_strassen(const KernelSpec& spec);

/// The halves of an operand of `channels`, combined for each product: axes ci, pair, y and e.
ScratchBuffer combined_halves(const KernelSpec& spec, std::string_view name, int64_t channels);
/// The products of a register tile: axes c, pair, y and e.
ScratchBuffer strassen_products(const KernelSpec& spec);

}  // namespace resnetc::program
