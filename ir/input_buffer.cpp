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

}  // namespace resnetc
