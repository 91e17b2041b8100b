/// \file Constant tensors of an imported model, and numbers that may depend on the size of the batch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace resnetc::importer {

/// A whole number `fixed + batches * N`, where N is the size of the batch. Arithmetic of shapes gives such numbers as long as it is linear.
struct Whole {
  int64_t fixed = 0;
  int64_t batches = 0;

  bool known() const { return batches == 0; }
  bool operator==(const Whole&) const = default;
};

/// Checked arithmetic. Nothing where the result is not of that form, does not fit in 64 bits, or divides by zero.
std::optional<Whole> plus(Whole a, Whole b);
std::optional<Whole> minus(Whole a, Whole b);
std::optional<Whole> times(Whole a, Whole b);
/// Only divisions without a remainder keep N. `floor` rounds down, as Python's `//`; else towards zero, as C.
std::optional<Whole> divided(Whole a, Whole b, bool floor = false);

/// The dimensions of a value, outermost first.
using Dims = std::vector<Whole>;
/// "[N, 64, 56, 56]".
std::string shown(const Dims& dims);
/// The same without N; nothing if a dimension depends on it.
std::optional<std::vector<int64_t>> fixed(const Dims& dims);

/// What a value's elements are, as far as an importer has to know. All types of floats are `real`.
enum class Elements { real, whole, truth };

/// A constant. A value type; constants are shared and never changed.
struct Tensor {
  /// Integers of 8 bits, with a sign or without.
  enum class Bytes { with_sign, without_sign };
  /// The numbers by which integers from -128 to 127 were multiplied: one, or one for each place along the axis. None if some integers,
  /// without their zero, were below or above.
  struct Steps {
    size_t axis = 0;
    std::vector<double> values;
  };

  Elements elements = Elements::real;
  std::vector<int64_t> shape;    ///< outermost first; empty for a scalar
  std::vector<float> floats;     ///< reals as a model holds them
  std::vector<double> doubles;   ///< reals that were computed; one of the two lists is empty
  std::vector<Whole> wholes;     ///< whole numbers; truths are 0 and 1
  std::optional<Bytes> bytes{};  ///< of integers of 8 bits, which are reals here
  std::optional<Steps> steps{};  ///< of reals that were made from such integers

  size_t size() const { return elements == Elements::real ? floats.size() + doubles.size() : wholes.size(); }
  /// An element as a real number; `i` is below size(). Of a whole number, the part without N.
  double real(size_t i) const;
};
using TensorPtr = std::shared_ptr<const Tensor>;

/// The largest number of elements of a constant that is computed, and the largest rank of any value.
inline constexpr int64_t max_computed_elements = int64_t{1} << 28;
inline constexpr size_t max_rank = 8;

/// The product of the dimensions; nothing if one is negative or the product is above `limit`.
std::optional<int64_t> elements_of(const std::vector<int64_t>& shape, int64_t limit);
/// Numbers as a tensor with one dimension.
TensorPtr list_of(std::vector<Whole> values);
TensorPtr reals_of(std::vector<int64_t> shape, std::vector<double> values);
/// Whether all elements are equal and real; then the element.
std::optional<double> uniform(const Tensor& tensor);
/// Whether all numbers are this one.
bool all_are(const std::vector<double>& list, double value);
/// The elements if they are whole numbers without N.
std::optional<std::vector<int64_t>> integers(const Tensor& tensor);

}  // namespace resnetc::importer
