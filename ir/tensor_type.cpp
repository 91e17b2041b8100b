/// \file Types and extents as text, and their limits.
#include "ir/tensor_type.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace resnetc {

bool fits(const TensorType& type, Extent2 halo) {
  const auto in_range = [](int64_t low, int64_t d) { return d >= low && d <= max_elements; };
  if (!in_range(1, type.channels) || !in_range(1, type.height) || !in_range(1, type.width)) return false;
  if (!in_range(0, halo.h) || !in_range(0, halo.w)) return false;
  if (type.is_vector() ? type.pixels() != 1 : type.is_line() ? type.height != 1 : !type.is_picture()) return false;
  // Two factors of at most 2^30 cannot overflow. The third factor is checked by a division.
  if (type.pixels() > max_elements / type.channels) return false;
  const int64_t storage_limit = elements_in((int64_t{1} << 31) - 1, type.element);
  const int64_t channels = (type.channels + 15) / 16 * 16;
  return (type.height + 2 * halo.h) * (type.width + 2 * halo.w) <= storage_limit / channels;
}

bool fits(const Quantization& quantization, ElementType element) {
  if (quantization == Quantization{}) return true;
  return element == ElementType::u8 && std::isfinite(quantization.scale) && quantization.scale > 0 && quantization.zero >= 0 &&
         quantization.zero <= std::numeric_limits<uint8_t>::max();
}

std::string to_string(const TensorType& type) {
  std::string text(to_string(type.element));
  if (type.is_quantized()) text += fmt::format("(scale={}, zero={})", type.quantization.scale, type.quantization.zero);
  text += fmt::format("[N, {}", type.channels);
  if (type.is_picture()) text += fmt::format(", {}", type.height);
  if (!type.is_vector()) text += fmt::format(", {}", type.width);
  return text + ']';
}

std::string to_string(Extent2 extent) { return fmt::format("{}x{}", extent.h, extent.w); }

std::string as_written(Extent2 extent, const TensorType& type) { return type.is_line() ? fmt::format("{}", extent.w) : to_string(extent); }

std::string to_string(const Sides& sides) {
  if (sides.even()) return to_string(Extent2{sides.top, sides.left});
  return fmt::format("{}x{}x{}x{}", sides.top, sides.left, sides.bottom, sides.right);
}

std::string as_written(const Sides& sides, const TensorType& type) {
  if (!type.is_line()) return to_string(sides);
  return sides.left == sides.right ? fmt::format("{}", sides.left) : fmt::format("[{}, {}]", sides.left, sides.right);
}

}  // namespace resnetc
