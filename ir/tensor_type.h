/// \file The type of a value at every level: its element type and its dimensions for one picture. The size of the batch is never part of
/// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ir/element_type.h"

namespace resnetc {

/// Height and width of a window, a stride, a pad or a dilation.
struct Extent2 {
  int64_t h = 1;
  int64_t w = 1;
  bool operator==(const Extent2&) const = default;
};

/// `f32[N, channels, height, width]` (rank 4; channels come first here, whatever their order in memory) or `f32[N, channels]` (rank 2,
/// where height and width are 1). N is the batch.
struct TensorType {
  int64_t channels = 0;
  int64_t height = 1;
  int64_t width = 1;
  int rank = 4;
  ElementType element = ElementType::f32;

  static TensorType picture(int64_t channels, int64_t height, int64_t width) {
    return {.channels = channels, .height = height, .width = width};
  }
  static TensorType vector(int64_t features) { return {.channels = features, .rank = 2}; }

  int64_t pixels() const { return height * width; }
  int64_t elements() const { return channels * height * width; }
  /// The bytes of one picture without gaps, as in callers' buffers.
  int64_t bytes() const { return bytes_of(element, elements()); }
  bool operator==(const TensorType&) const = default;
};

/// The upper limit of every dimension, and of the product of a value's dimensions for one picture. With it, sizes stay within 32-bit signed
/// arithmetic, down to the kernels' indices, counted in bytes for a batch of one.
inline constexpr int64_t max_elements = int64_t{1} << 28;

/// Whether every dimension is at least 1, a rank 2 type has one pixel, and 32-bit arithmetic can hold the number of elements and their
/// bytes when they are stored in vectors of 16 channels with `pad` pixels on each side.
bool fits(const TensorType& type, Extent2 pad = {0, 0});

/// The text form: `f32[N, 64, 56, 56]` or `f32[N, 1000]`.
std::string to_string(const TensorType& type);
/// The text form: `3x3`.
std::string to_string(Extent2 extent);

}  // namespace resnetc
