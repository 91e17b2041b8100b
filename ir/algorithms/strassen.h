/// \file Strassen's products on a processor: a 1x1 convolution as a product of matrices of halves (ir/strassen.h). The halves of the pixels
/// are neighbours in a row, and the vectors of channels belong to the two halves in turn.
#pragma once

#include <cstdint>
#include <string_view>

#include "ir/algorithms/parameters.h"
#include "ir/op.h"

namespace resnetc::program {

/// The register tile of the products is `vectors` by `tiles`.
struct StrassenSchedule {
  static constexpr std::string_view name = "strassen";

  int64_t vectors = 1;  ///< number of vectors of 16, of half the output channels
  Extent2 tiles{1, 1};  ///< number of pairs of pixels that are multiplied together
  int64_t rows = 1;     ///< rows of one task, a multiple of tiles.h; 0: there is too little work to share, so a picture is one task
  int64_t parts = 1;    ///< number of nearly equal parts of the output channels; each part is a task for each block of rows
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

/// Whether a convolution can be computed by Strassen's products: the window must be 1x1 and read all pixels, and all channels must form
/// whole halves.
bool can_be_strassen(const KernelSpec& spec);

/// The halves of an operand with `channels` channels, combined for each product. The axes are ci, pair, y and e.
ScratchBuffer combined_halves(const KernelSpec& spec, std::string_view name, int64_t channels);
/// The products of a register tile. The axes are c, pair, y and e.
ScratchBuffer strassen_products(const KernelSpec& spec);

}  // namespace resnetc::program
