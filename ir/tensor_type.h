/// \file The type of a value at every level: its element type and its dimensions for one picture. The size of the batch is never part of
/// it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ir/element_type.h"

namespace resnetc {

/// Height and width of a window, a stride, a dilation or a halo.
struct Extent2 {
  int64_t h = 1;
  int64_t w = 1;
  bool operator==(const Extent2&) const = default;
};

/// Pixels of padding on the four sides of a picture. A line has a left and a right side.
struct Sides {
  int64_t top = 0, left = 0, bottom = 0, right = 0;

  constexpr Sides() = default;
  constexpr Sides(int64_t t, int64_t l, int64_t b, int64_t r) : top(t), left(l), bottom(b), right(r) {}
  /// The same on both sides of an axis.
  constexpr Sides(int64_t rows, int64_t columns) : Sides(rows, columns, rows, columns) {}
  constexpr Sides(Extent2 each) : Sides(each.h, each.w) {}

  /// The larger side of each axis.
  constexpr Extent2 largest() const { return {std::max(top, bottom), std::max(left, right)}; }
  /// Whether both sides of each axis are equal. Such padding is written as an extent.
  constexpr bool even() const { return top == bottom && left == right; }
  bool operator==(const Sides&) const = default;
};

/// How the integers of a value mean numbers: the integer q means scale * (q - zero). A scale of 0 says that the elements are no such
/// integers, but the numbers themselves.
struct Quantization {
  float scale = 0;
  int32_t zero = 0;  ///< an integer that the elements can have

  bool operator==(const Quantization&) const = default;
};

/// The element type and the dimensions of a value. A picture is `f32[N, channels, height, width]` (rank 4; channels come first here,
/// whatever their order in memory), a line `f32[N, channels, length]` (rank 3, where the height is 1 and the width is the length), and a
/// vector `f32[N, channels]` (rank 2, where height and width are 1). N is the batch.
struct TensorType {
  int64_t channels = 0;
  int64_t height = 1;
  int64_t width = 1;
  int rank = 4;
  ElementType element = ElementType::f32;
  Quantization quantization{};  ///< of u8 only; the value then is quantized

  static TensorType picture(int64_t channels, int64_t height, int64_t width) {
    return {.channels = channels, .height = height, .width = width};
  }
  static TensorType line(int64_t channels, int64_t length) { return {.channels = channels, .width = length, .rank = 3}; }
  static TensorType vector(int64_t features) { return {.channels = features, .rank = 2}; }

  bool is_picture() const { return rank == 4; }
  bool is_line() const { return rank == 3; }
  bool is_vector() const { return rank == 2; }
  bool is_quantized() const { return quantization.scale != 0; }

  /// The type with other dimensions: a line stays a line, of this width, and its height must then be 1.
  TensorType with(int64_t new_channels, int64_t new_height, int64_t new_width) const {
    return {
        .channels = new_channels, .height = new_height, .width = new_width, .rank = rank, .element = element, .quantization = quantization};
  }
  /// The type of the numbers that a quantized value means.
  TensorType of_numbers() const { return {.channels = channels, .height = height, .width = width, .rank = rank}; }
  /// The type of the elements alone, without what integers mean.
  TensorType of_elements() const { return {.channels = channels, .height = height, .width = width, .rank = rank, .element = element}; }
  /// A line as the picture of height 1 that it is in memory and in kernels; another type as it is.
  TensorType as_picture() const { return is_line() ? TensorType{channels, height, width, 4, element, quantization} : *this; }

  int64_t pixels() const { return height * width; }
  int64_t elements() const { return channels * height * width; }
  /// The bytes of one picture without gaps, as in callers' buffers.
  int64_t bytes() const { return bytes_of(element, elements()); }
  bool operator==(const TensorType&) const = default;
};

/// The upper limit of every dimension, and of the product of a value's dimensions for one picture. With it, sizes stay within 32-bit signed
/// arithmetic, down to the kernels' indices, counted in bytes for a batch of one.
inline constexpr int64_t max_elements = int64_t{1} << 28;

/// Whether every dimension is at least 1, a line has one row and a vector one pixel, and 32-bit arithmetic can hold the number of elements
/// and their bytes when they are stored in vectors of 16 channels with `halo` pixels on each side.
bool fits(const TensorType& type, Extent2 halo = {0, 0});

/// Whether the elements can be integers that mean numbers in this way: a finite scale above zero, and a zero from 0 to 255. A type that is
/// not quantized can.
bool fits(const Quantization& quantization, ElementType element);

/// The text form: `f32[N, 64, 56, 56]`, `f32[N, 64, 250]`, `f32[N, 1000]`, and if quantized `u8(scale=0.02, zero=3)[N, 64, 56, 56]`.
std::string to_string(const TensorType& type);
/// The text form: `3x3`.
std::string to_string(Extent2 extent);
/// The text form: that of an extent, `1x1`, or `0x0x1x1` (top, left, bottom, right) where the sides of an axis differ.
std::string to_string(const Sides& sides);
/// What concerns a value of the type, in words: `3x3` of a picture, `3` of a line, along which the left and right side lie.
std::string as_written(Extent2 extent, const TensorType& type);
std::string as_written(const Sides& sides, const TensorType& type);

}  // namespace resnetc
