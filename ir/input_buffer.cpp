/// \file The value that a network's input becomes.
#include "ir/input_buffer.h"

namespace resnetc {

std::string_view to_string(DimensionOrder order) {
  switch (order) {
    case DimensionOrder::planar: return "planar";
    case DimensionOrder::channels_last: return "channels_last";
  }
  return "?";
}

bool is_normalised(const InputBuffer& input) { return input.type.element == ElementType::u8; }

TensorType value_type(const InputBuffer& input) {
  TensorType type = input.type;
  type.element = ElementType::f32;
  return type;
}

std::vector<int64_t> dims_of(const TensorType& type, DimensionOrder order) {
  if (type.is_vector()) return {type.channels};
  if (type.is_line() && order == DimensionOrder::channels_last) return {type.width, type.channels};
  if (type.is_line()) return {type.channels, type.width};
  if (order == DimensionOrder::channels_last) return {type.height, type.width, type.channels};
  return {type.channels, type.height, type.width};
}

}  // namespace resnetc
