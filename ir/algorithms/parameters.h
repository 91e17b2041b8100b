/// \file What schedules share: limits, the meanings of parameters that several algorithms have, in the words of the JSON schema, and the
/// arithmetic of tiles.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "ir/algorithms/scratch.h"

namespace resnetc::program {

class Implementation;
struct KernelSpec;

/// The limits of a register tile. A tile is unrolled completely, so larger tiles do not fit the registers, and compiling them takes ever
/// longer.
inline constexpr int64_t max_tile_vectors = 8, max_tile = 64;
/// The limits of the tile of one thread of a GPU.
inline constexpr int64_t max_thread_channels = 4, max_thread_tile = 128;
/// The largest number of threads of a block (CUDA C++ programming guide, technical specifications).
inline constexpr int64_t max_block = 1024;

namespace meaning {
inline constexpr std::string_view
    channels = "channels that are computed together: of a thread, neighbours; of a vector, 16, 8 or 4",
    vectors = "vectors of 16 channels: of the register tile; grouped, of a task; general, moved together by a load or store of planes",
    pixels = "the register tile: pixels", rows = "rows, or rows of tiles, of one task; 0: a whole picture is one",
    flat = "whether the pixels of all rows are one axis", parts = "of the output channels: each is a task, for each block of rows",
    tiles = "rows and columns of tiles that are multiplied together; grouped, or of a thread, of pixels";
}  // namespace meaning

constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
/// `value` rounded up to a multiple of `step`.
constexpr int64_t rounded(int64_t value, int64_t step) { return ceil_div(value, step) * step; }
/// The largest divisor of `whole` that is at most `wanted`: a tile of that size never reaches past the last vector of channels.
constexpr int64_t divisor_at_most(int64_t whole, int64_t wanted) {
  int64_t d = std::clamp<int64_t>(wanted, 1, whole);
  while (whole % d != 0) --d;
  return d;
}

}  // namespace resnetc::program
