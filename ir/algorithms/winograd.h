/// \file Winograd's transforms on a processor: a convolution through transformed tiles, where winograd_form() (ir/winograd.h) knows how.
#pragma once

#include <cstdint>
#include <string_view>

#include "ir/algorithms/parameters.h"
#include "ir/op.h"

namespace resnetc::program {

/// `vectors` by `tiles` is the register tile of the products.
struct WinogradSchedule {
  static constexpr std::string_view name = "winograd";

  int64_t output = 0;   ///< rows and columns of a tile of the result: 2 or 4
  int64_t vectors = 1;  ///< vectors of 16 output channels
  Extent2 tiles{1, 1};  ///< tiles that are multiplied together
  int64_t rows = 1;     ///< rows of tiles of one task, a multiple of tiles.h; 0: too little work to share, a picture is one task
  int64_t depth = 0;    ///< input channels whose weights are transformed together; divides their number. 0: packed as transformed
  int64_t parts = 1;    ///< of the output channels, as even as can be: each is a task, for each block of rows
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

/// Whether a convolution can be computed by Winograd's transforms (ir/winograd.h): channels in whole vectors or, for phases, pixels without
/// gaps, and a halo that holds all that is read.
bool can_be_winograd(const KernelSpec& spec);
/// Whether a Winograd kernel keeps the products of all tiles of a task, so that each transformed weight is read once; or those of one group
/// of tiles, in the first-level cache.
bool keeps_all_products(const KernelSpec& spec);
/// Rows of the pool's result that a Winograd task makes of its rows of tiles.
int64_t pooled_rows(const KernelSpec& spec);

/// What a task keeps: axes c, ci, tx, ty, x and y are those of the builder's functions; e counts elements of a transform.
struct WinogradBuffers {
  ScratchBuffer transformed, weights, products, phases, unpooled;  ///< without axes: there is none
  ScratchBuffer projection;                                        ///< one of each projection
};
WinogradBuffers winograd_buffers(const KernelSpec& spec);

}  // namespace resnetc::program
