/// \file Winograd's transforms on a processor: a convolution through transformed tiles, if winograd_form() (ir/winograd.h) has a form for
/// it.
#pragma once

#include <cstdint>
#include <string_view>

#include "ir/algorithms/parameters.h"
#include "ir/op.h"

namespace resnetc::program {

/// The register tile of the products is `vectors` by `tiles`.
struct WinogradSchedule {
  static constexpr std::string_view name = "winograd";

  int64_t output = 0;   ///< height and width of a tile of the result: 2 or 4
  int64_t vectors = 1;  ///< number of vectors of 16 output channels
  Extent2 tiles{1, 1};  ///< number of tiles that are multiplied together
  int64_t rows = 1;   ///< rows of tiles of one task, a multiple of tiles.h; 0: there is too little work to share, so a picture is one task
  int64_t depth = 0;  ///< number of input channels whose weights are transformed together, a divisor; 0: packed transformed
  int64_t parts = 1;  ///< number of nearly equal parts of the output channels; each part is a task for each block of rows
  bool operator==(const WinogradSchedule&) const = default;
};

template <class Fields>
void describe(Fields& fields, WinogradSchedule& schedule) {
  auto& [output, vectors, tiles, rows, depth, parts] = schedule;  // a new parameter stops the build here
  fields.number("output", output, "rows and columns of a tile of the result");
  fields.number("vectors", vectors, meaning::vectors);
  fields.extent("tiles", tiles, meaning::tiles);
  fields.number("rows", rows, meaning::rows);
  fields.number("depth", depth, "input channels whose weights are transformed together; 0: they are stored transformed");
  fields.number("parts", parts, meaning::parts);
}

const Implementation& implementation_of(const WinogradSchedule&);

/// Whether a convolution can be computed by Winograd's transforms (ir/winograd.h): the channels must form whole vectors or, for phases, the
/// pixels must have no gaps, and the halo must cover all that is read.
bool can_be_winograd(const KernelSpec& spec);
/// Whether a Winograd kernel keeps the products of all tiles of a task, so that each transformed weight is read once. Otherwise it keeps
/// those of one group of tiles, in the first-level cache.
bool keeps_all_products(const KernelSpec& spec);
/// The rows of the pool's result that a Winograd task makes from its rows of tiles.
int64_t pooled_rows(const KernelSpec& spec);

/// The buffers of a task. The axes c, ci, tx, ty, x and y are those of the builder's functions, and e counts the elements of a transform.
struct WinogradBuffers {
  ScratchBuffer transformed, weights, products, phases, unpooled;  ///< a buffer without axes is not needed
  ScratchBuffer projection;                                        ///< the buffer of each projection
};
WinogradBuffers winograd_buffers(const KernelSpec& spec);

}  // namespace resnetc::program
