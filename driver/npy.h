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

/// How the files begin.
inline constexpr std::string_view npy_beginning = "\x93NUMPY";

/// An array within the bytes of a file, which must outlive it.
struct ArrayView {
  enum class Type { f32, f64, u8 };  ///< what other programs write, of which f64 is no ElementType
  Type type = Type::f32;
  std::vector<int64_t> shape;
  std::string_view data;  ///< the elements' bytes

  int64_t elements() const;
  /// Element `i` as a double.
  double at(int64_t i) const;
};

/// An array with elements of its own.
struct Array {
  using Type = ArrayView::Type;
  Type type = Type::f32;
  std::vector<int64_t> shape;
  std::string data;  ///< the elements' bytes

  ArrayView view() const { return {type, shape, data}; }
  int64_t elements() const { return view().elements(); }
  double at(int64_t i) const;
};

Result<ArrayView> view_npy(std::string_view file);
Result<Array> parse_npy(std::string_view file);
/// The bytes before the elements of an array of f32 or u8.
std::string npy_header(const std::vector<int64_t>& shape, ElementType element = ElementType::f32);
std::string npy_of(std::span<const float> values, const std::vector<int64_t>& shape);

/// A shape in messages: "[2, 3]".
std::string shape_text(const std::vector<int64_t>& shape);

}  // namespace resnetc::driver
