/// \file Winograd's minimal filtering for 3x3 windows (Lavin and Gray, https://arxiv.org/abs/1509.09308, section 4): a tile of m x m
/// results from (m + 2) x (m + 2) products instead of 9 m m,
///     Y = AT [(G g GT) . (BT d B)] A
/// with g the window's weights, d a tile of the input, Y a tile of the result, and . the product element by element, summed over channels.
#pragma once

#include <cstdint>
#include <vector>

namespace resnetc {

using Matrix = std::vector<std::vector<double>>;

struct Winograd {
  int64_t output;  ///< m: rows and columns of a tile of the result
  int64_t input;   ///< m + 2: of a tile of the input
  Matrix bt;       ///< [input][input]
  Matrix g;        ///< [input][3]
  Matrix at;       ///< [output][input]
};

/// The transforms for tiles of `output` 2, 4 or 6; null for any other. The points are 0, 1, -1, then 2, -2, then 1/2, -1/2, and infinity:
/// each pair more saves products and costs rounding error.
const Winograd* winograd(int64_t output);

}  // namespace resnetc
