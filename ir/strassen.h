/// \file Strassen's multiplication of 2x2 matrices, in Winograd's form: seven products instead of eight
///     C = AT [(G b) . (BT a)]
/// where a, b and c are the elements of the matrices row by row, and . is the product element by element. The elements may be matrices
/// themselves. For a 1x1 convolution, a is two pixels by two halves of the input channels, and b is the weights from these halves to two
/// halves of the output channels. (V. Strassen, Gaussian elimination is not optimal, 1969; S. Winograd, On multiplication of 2x2 matrices,
/// 1971. The error stays bounded by norms: N. Higham, Accuracy and stability of numerical algorithms, 23.2.2.)
#pragma once

#include <array>
#include <cstdint>

#include "ir/recipe.h"

namespace resnetc::strassen {

inline constexpr int64_t products = 7;

using Row = std::array<int, 4>;

inline constexpr std::array<Row, products> bt{
    {{1, 0, 0, 0}, {0, 1, 0, 0}, {1, 1, -1, -1}, {0, 0, 0, 1}, {0, 0, 1, 1}, {-1, 0, 1, 1}, {1, 0, -1, 0}}};
inline constexpr std::array<Row, products> g{
    {{1, 0, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}, {1, -1, -1, 1}, {-1, 1, 0, 0}, {1, -1, 0, 1}, {0, -1, 0, 1}}};
inline constexpr std::array<std::array<int, products>, 4> at{
    {{1, 1, 0, 0, 0, 0, 0}, {1, 0, 1, 0, 1, 1, 0}, {1, 0, 0, -1, 0, 1, 1}, {1, 0, 0, 0, 1, 1, 1}}};

/// The number of elements of the combined weights, for channels in whole halves.
constexpr int64_t weights(int64_t in_channels, int64_t out_channels) { return products * (in_channels / 2) * (out_channels / 2); }

/// Whether `channels` has whole halves: a multiple of two vectors has them. The vectors belong to the two halves in turn.
constexpr bool has_halves(int64_t channels) { return channels % (2 * lanes) == 0; }
/// The channel that is number `c` of half 0 or 1.
template <class Index>
constexpr Index channel_of(const Index& c, const Index& half) {
  constexpr int vector = static_cast<int>(lanes);
  return c / vector * (2 * vector) + half * vector + c % vector;
}

}  // namespace resnetc::strassen
