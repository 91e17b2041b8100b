/// \file A network's input, known to every level: what the caller's buffer holds, and how it becomes the value that the network reads.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "ir/tensor_type.h"

namespace resnetc {

/// How the dimensions of a picture lie in a caller's buffer, the outermost first. A vector has one dimension, which is `planar`.
enum class DimensionOrder {
  planar,         ///< [C, H, W]
  channels_last,  ///< [H, W, C]
};

/// As in the text form; "?" past the last.
std::string_view to_string(DimensionOrder order);

/// The most channels for which means or deviations are written: kernels carry these numbers, and a GPU's choose among them one by one.
/// Where none are written, they are 0 and 1 for any number of channels.
inline constexpr size_t max_normalised_channels = 256;

struct InputBuffer {
  TensorType type;  ///< of the buffer; the value that it becomes has value_type()
  DimensionOrder order = DimensionOrder::planar;
  std::vector<double> mean, std;  ///< of u8, as written: one a channel; empty: 0 and 1 for all of them

  /// Whether a channel's elements lie together.
  bool has_planes() const { return type.rank == 4 && order == DimensionOrder::planar; }
};

/// Whether the value is (x / 255 - mean) / std, by channel, of an element x of the buffer; else it is the element itself.
bool is_normalised(const InputBuffer& input);
/// Kernels compute with f32, whatever the buffer holds.
TensorType value_type(const InputBuffer& input);

}  // namespace resnetc
