/// \file A network's input, the same at every level: what the caller's buffer holds, and how its content becomes the value that the network
/// reads.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "ir/tensor_type.h"

namespace resnetc {

/// The order of a picture's or line's dimensions in a caller's buffer, outermost first. A vector has only one dimension, and its order is
/// `planar`.
enum class DimensionOrder {
  planar,         ///< [C, H, W] or [C, L]
  channels_last,  ///< [H, W, C] or [L, C]
};

/// The name in the text form; "?" for a number past the last order.
std::string_view to_string(DimensionOrder order);

/// The largest number of channels that can have means or deviations. Kernels contain these numbers, and a GPU's kernel selects among them
/// one by one. An input without means and deviations has 0 and 1 for any number of channels.
inline constexpr size_t max_normalised_channels = 256;

/// The dimensions of a buffer in memory order, outermost first, without the batch.
std::vector<int64_t> dims_of(const TensorType& type, DimensionOrder order);

struct InputBuffer {
  TensorType type;  ///< type of the buffer; the value that the network reads has value_type()
  DimensionOrder order = DimensionOrder::planar;
  std::vector<double> mean, std;  ///< only for u8, as written: one number for each channel; empty: 0 and 1 for all channels

  /// Whether all elements of a channel are adjacent in memory.
  bool has_planes() const { return !type.is_vector() && order == DimensionOrder::planar; }
};

/// Whether an element x of the buffer becomes (x / 255 - mean) / std, with the numbers of its channel. Otherwise it stays as it is.
bool is_normalised(const InputBuffer& input);
/// The type of the value that the network reads. Its elements are f32, because kernels compute with f32 for every type of buffer.
TensorType value_type(const InputBuffer& input);

}  // namespace resnetc
