/// \file Arithmetic of numbers that may depend on the size of the batch.
#include "import/tensor.h"

#include <fmt/format.h>

namespace resnetc::importer {
namespace {

/// The quotient, rounded down or towards zero; nothing if it does not exist.
std::optional<int64_t> quotient(int64_t a, int64_t b, bool floor) {
  if (b == 0 || (b == -1 && a == INT64_MIN)) return std::nullopt;
  const int64_t q = a / b;
  return floor && a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

}  // namespace

std::optional<Whole> plus(Whole a, Whole b) {
  Whole sum;
  if (__builtin_add_overflow(a.fixed, b.fixed, &sum.fixed) || __builtin_add_overflow(a.batches, b.batches, &sum.batches)) {
    return std::nullopt;
  }
  return sum;
}

std::optional<Whole> minus(Whole a, Whole b) {
  Whole difference;
  if (__builtin_sub_overflow(a.fixed, b.fixed, &difference.fixed) || __builtin_sub_overflow(a.batches, b.batches, &difference.batches)) {
    return std::nullopt;
  }
  return difference;
}

std::optional<Whole> times(Whole a, Whole b) {
  if (!a.known()) std::swap(a, b);
  if (!a.known()) return std::nullopt;  // N * N
  Whole product;
  if (__builtin_mul_overflow(a.fixed, b.fixed, &product.fixed) || __builtin_mul_overflow(a.fixed, b.batches, &product.batches)) {
    return std::nullopt;
  }
  return product;
}

std::optional<Whole> divided(Whole a, Whole b, bool floor) {
  if (!a.known() || !b.known()) {
    if (a.fixed == 0 && b.fixed == 0 && b.batches != 0 && a.batches % b.batches == 0) return Whole{a.batches / b.batches, 0};
    if (!b.known() || b.fixed <= 0 || a.fixed % b.fixed != 0 || a.batches % b.fixed != 0) return std::nullopt;
    return Whole{a.fixed / b.fixed, a.batches / b.fixed};
  }
  const std::optional<int64_t> q = quotient(a.fixed, b.fixed, floor);
  if (!q) return std::nullopt;
  return Whole{*q, 0};
}

std::string shown(const Dims& dims) {
  std::string text;
  for (const Whole& d : dims) {
    text += text.empty() ? "[" : ", ";
    if (d.known()) {
      text += std::to_string(d.fixed);
    } else {
      text += d.batches == 1 ? "N" : fmt::format("{} * N", d.batches);
      if (d.fixed != 0) text += fmt::format(" + {}", d.fixed);
    }
  }
  return text.empty() ? "[]" : text + "]";
}

std::optional<std::vector<int64_t>> fixed(const Dims& dims) {
  std::vector<int64_t> result;
  for (const Whole& d : dims) {
    if (!d.known()) return std::nullopt;
    result.push_back(d.fixed);
  }
  return result;
}

double Tensor::real(size_t i) const {
  if (elements != Elements::real) return static_cast<double>(wholes[i].fixed);
  return floats.empty() ? doubles[i] : static_cast<double>(floats[i]);
}

std::optional<int64_t> elements_of(const std::vector<int64_t>& shape, int64_t limit) {
  int64_t count = 1;
  bool none = false;
  for (const int64_t d : shape) {
    if (d < 0) return std::nullopt;
    none |= d == 0;
    if (d != 0 && count > limit / d) return std::nullopt;
    if (d != 0) count *= d;
  }
  return none ? 0 : count;
}

TensorPtr list_of(std::vector<Whole> values) {
  Tensor t;
  t.elements = Elements::whole;
  t.shape = {static_cast<int64_t>(values.size())};
  t.wholes = std::move(values);
  return std::make_shared<const Tensor>(std::move(t));
}

TensorPtr reals_of(std::vector<int64_t> shape, std::vector<double> values) {
  Tensor t;
  t.shape = std::move(shape);
  t.doubles = std::move(values);
  return std::make_shared<const Tensor>(std::move(t));
}

bool all_are(const std::vector<double>& list, double value) {
  return std::all_of(list.begin(), list.end(), [value](double x) { return x == value; });
}

std::optional<double> uniform(const Tensor& tensor) {
  if (tensor.elements != Elements::real || tensor.size() == 0) return std::nullopt;
  const double first = tensor.real(0);
  for (size_t i = 1; i < tensor.size(); ++i) {
    if (tensor.real(i) != first) return std::nullopt;
  }
  return first;
}

std::optional<std::vector<int64_t>> integers(const Tensor& tensor) {
  if (tensor.elements == Elements::real) return std::nullopt;
  return fixed(tensor.wholes);
}

}  // namespace resnetc::importer
