#include "ir/tensor_type.h"

#include <fmt/format.h>

namespace resnetc {

std::string to_string(const TensorType& type) {
  if (type.rank == 2) return fmt::format("f32[N, {}]", type.channels);
  return fmt::format("f32[N, {}, {}, {}]", type.channels, type.height, type.width);
}

std::string to_string(Extent2 extent) { return fmt::format("{}x{}", extent.h, extent.w); }

}  // namespace resnetc
