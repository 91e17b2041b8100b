/// \file Winograd's minimal filtering for r x r windows (Lavin and Gray, https://arxiv.org/abs/1509.09308, section 4): a tile of m x m
/// results from n x n products instead of r r m m,
///     Y = AT [(G g GT) . (BT d B)] A
/// where g is the window's weights, d a tile of the input, Y a tile of the result, and . the product element by element, summed over
/// channels.
///
/// Stride 1: n = m + r - 1. Stride 2, r = 3: result y of a row is d[2y] g[0] + d[2y+1] g[1] + d[2y+2] g[2]. The odd elements are multiplied
/// by one weight only, which takes m products. The even elements form a window of two at stride 1, which takes m + 1 products. So
/// n = 2m + 1.
///
/// Phases: a large window at stride 2 over a picture's few channels equals a window of half the size at stride 1 over four times as many
/// channels, which are the pixels of each 2x2 square. Result y uses d[2y + k - pad] with weight k, and 2y + k - pad = 2 (y + t) + p for
/// exactly one t and one p in {0, 1}.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ir/op.h"

namespace resnetc {

using Matrix = std::vector<std::vector<double>>;

struct Winograd {
  int64_t window;  ///< r
  int64_t output;  ///< m: height and width of a tile of the result
  int64_t stride;
  Matrix bt;  ///< [products][input]
  Matrix g;   ///< [weights][window]
  Matrix at;  ///< [output][products]

  /// n: the height and width of a transformed tile.
  int64_t products() const { return static_cast<int64_t>(bt.size()); }
  /// The height and width of a tile of the input: stride * (m - 1) + r.
  int64_t input() const { return static_cast<int64_t>(bt[0].size()); }
  /// The height and width of the transformed weights: n at stride 1. At stride 2 it is less, because the first m rows of products all use
  /// row 0.
  int64_t weights() const { return static_cast<int64_t>(g.size()); }
};

/// A convolution as the transforms see it.
struct WinogradForm {
  int64_t window, stride;
  int64_t channels;  ///< channels of the transformed input and weights
  int64_t summed;    ///< number of these that are summed; the others are no channels
  bool phases;       ///< channel 8 p + ci q + c is channel c of the pixel in row p and column q of each 2x2 square
  Extent2 pad;       ///< padding before the first element of the window's input: above and on the left
};

/// The channels of one row of a square: two pixels of up to four channels.
inline constexpr int64_t phase_lanes = 8;

/// The form of a convolution; nothing if the transforms do not apply to it. They apply to 3x3 windows at stride 1 or 2 and, with at most
/// four input channels, to 5x5 and 7x7 windows at stride 2 with the default padding, always without dilation and groups.
std::optional<WinogradForm> winograd_form(const OpAttributes& attributes, int64_t channels);

/// The largest tile of results for which there are transforms.
inline constexpr int64_t largest_winograd_tile = 4;

/// The transforms for tiles of `output` results at stride 1 or 2; null if there are none. The points are 0, 1, -1, then 2, -2, 1/2 and
/// infinity (stride 2: 0, 1, then -1, 2, and infinity): more points save products but increase the rounding error.
const Winograd* winograd(int64_t window, int64_t output, int64_t stride);
inline const Winograd* winograd(const WinogradForm& form, int64_t output) { return winograd(form.window, output, form.stride); }

}  // namespace resnetc
