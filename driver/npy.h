/// \file NumPy's array files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): versions 1 to 3, C order,
/// little-endian f4, f8 and u1. Files are untrusted.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/element_type.h"
#include "support/failure.h"

namespace resnetc::driver {

struct Array {
  enum class Type { f32, f64, u8 };  ///< what other programs write, of which f64 is no ElementType
  Type type = Type::f32;
  std::vector<int64_t> shape;
  std::string data;  ///< the elements' bytes

  int64_t elements() const;
  /// Element `i` as a double.
  double at(int64_t i) const;
};

Result<Array> parse_npy(std::string_view file);
/// The bytes before the elements of an array of f32 or u8.
std::string npy_header(const std::vector<int64_t>& shape, ElementType element = ElementType::f32);
std::string npy_of(std::span<const float> values, const std::vector<int64_t>& shape);

}  // namespace resnetc::driver
