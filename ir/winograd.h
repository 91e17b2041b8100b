/// \file Winograd's minimal filtering for 3x3 windows (Lavin and Gray, https://arxiv.org/abs/1509.09308, section 4): a tile of m x m
/// results from n x n products instead of 9 m m,
///     Y = AT [(G g GT) . (BT d B)] A
/// with g the window's weights, d a tile of the input, Y a tile of the result, and . the product element by element, summed over channels.
///
/// Stride 1: n = m + 2. Stride 2: result y of a row is d[2y] g[0] + d[2y+1] g[1] + d[2y+2] g[2]. The odd elements meet
/// one weight only, m products; the even ones are a window of two at stride 1, m + 1 products: n = 2m + 1.
#pragma once

#include <cstdint>
#include <vector>

namespace resnetc {

using Matrix = std::vector<std::vector<double>>;

struct Winograd {
  int64_t output;  ///< m: rows and columns of a tile of the result
  int64_t stride;
  Matrix bt;  ///< [products][input]
  Matrix g;   ///< [weights][3]
  Matrix at;  ///< [output][products]

  /// n: rows and columns of a transformed tile.
  int64_t products() const { return static_cast<int64_t>(bt.size()); }
  /// Of a tile of the input: stride * (m - 1) + 3.
  int64_t input() const { return static_cast<int64_t>(bt[0].size()); }
  /// Of the transformed weights: n at stride 1; at stride 2 the first m rows of products all meet row 0.
  int64_t weights() const { return static_cast<int64_t>(g.size()); }
};

/// The largest tile of results that there are transforms for.
inline constexpr int64_t largest_winograd_tile = 4;

/// The transforms for tiles of `output` results, 2 or 4, at stride 1 or 2; null for any other. The points are 0, 1, -1, then 2, -2, and
/// infinity (stride 2: 0, 1, then -1, 2, and infinity): more of them save products and cost rounding error.
const Winograd* winograd(int64_t output, int64_t stride);

}  // namespace resnetc
