/// \file Matrix products with constants: linear layers.
#include <fmt/format.h>

#include "import/translate.h"

namespace resnetc::importer {
namespace {

/// The weight [out, in] of a linear layer, from a matrix that may have its dimensions in the other order.
TensorPtr rows_of(const Tensor& matrix, bool transposed, double factor) {
  const int64_t rows = matrix.shape[transposed ? 0 : 1], columns = matrix.shape[transposed ? 1 : 0];
  if (transposed && factor == 1) return std::make_shared<const Tensor>(matrix);
  std::vector<double> values(matrix.size());
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t from = transposed ? r * columns + c : c * rows + r;
      values[static_cast<size_t>(r * columns + c)] = factor * matrix.real(static_cast<size_t>(from));
    }
  }
  Tensor result = *reals_of({rows, columns}, std::move(values));
  if (matrix.steps && (matrix.steps->values.size() <= 1 || matrix.steps->axis == (transposed ? 0 : 1))) {
    result.steps = matrix.steps;
    result.steps->axis = 0;
    for (double& step : result.steps->values) step *= factor;
  }
  return std::make_shared<const Tensor>(std::move(result));
}

/// The columns of a weight for [H, W, C] in the order of [C, H, W].
TensorPtr channels_first(const Tensor& weight, const TensorType& type) {
  const int64_t rows = weight.shape[0], columns = weight.shape[1], pixels = type.pixels();
  std::vector<double> values(weight.size());
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t from = c % pixels * type.channels + c / pixels;
      values[static_cast<size_t>(r * columns + c)] = weight.real(static_cast<size_t>(r * columns + from));
    }
  }
  Tensor result = *reals_of({rows, columns}, std::move(values));
  result.steps = weight.steps;
  return std::make_shared<const Tensor>(std::move(result));
}

/// The layer for `weight` [out, in] over an operand: a vector, or a picture whose elements the model has in one row.
Result<LayerId> linear(Translation& t, const flat::Node& node, LayerId in, TensorPtr weight, TensorPtr bias) {
  const TensorType type = t.type(in);
  OpAttributes a;
  a.channels = weight->shape[0];
  a.bias = bias != nullptr;
  std::vector<LayerWeight> weights{{"weight", std::move(weight)}};
  if (bias) weights.push_back({"bias", std::move(bias)});
  if (weights[0].values->shape[1] != type.elements()) {
    return Failure{fmt::format("its matrix takes {} features, but there are {}", weights[0].values->shape[1], type.elements())};
  }
  if (type.is_vector()) return t.add(node, OpKind::linear, a, {in}, std::move(weights));
  // All elements of a picture in a row, [C, H, W]: a window over the whole picture sums the same products.
  if (t.channels_last(node, 0)) weights[0].values = channels_first(*weights[0].values, type);
  a.kernel = {type.height, type.width};
  const Result<LayerId> whole = t.add(node, OpKind::conv2d, a, {in}, std::move(weights));
  return whole ? t.as_vector(node, *whole) : whole;
}

Result<LayerId> gemm(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const TensorPtr matrix = t.graph().constant(node, 1);
  if (!in || !matrix || matrix->shape.size() != 2 || matrix->elements != Elements::real) {
    return Failure{"resnetc has products of a value with a constant matrix, and no others"};
  }
  if (flat::integer(node, "transA", 0) != 0) return Failure{"it transposes the value"};
  const double alpha = flat::real(node, "alpha", 1), beta = flat::real(node, "beta", 1);
  const TensorPtr weight = rows_of(*matrix, flat::integer(node, "transB", 0) != 0, alpha);
  TensorPtr bias;
  if (node.inputs.size() > 2 && node.inputs[2] != flat::no_value) {
    const TensorPtr c = t.graph().constant(node, 2);
    const size_t rows = static_cast<size_t>(weight->shape[0]);
    if (!c || c->elements != Elements::real || (c->size() != 1 && (c->size() != rows || c->shape.back() != weight->shape[0]))) {
      return Failure{"its third input is no constant with an element for each feature"};
    }
    std::vector<double> values(rows);
    for (size_t i = 0; i < rows; ++i) values[i] = beta * c->real(c->size() == 1 ? 0 : i);
    bias = beta == 1 && c->size() == rows ? c : reals_of({weight->shape[0]}, std::move(values));
  }
  return linear(t, node, *in, weight, bias);
}

Result<LayerId> matmul(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const TensorPtr matrix = t.graph().constant(node, 1);
  const auto dims = t.dims(node, 0);
  const bool row = dims && dims->size() == 2;  // of all elements
  if (in && matrix && matrix->shape.size() == 2 && matrix->elements == Elements::real && t.channels_last(node, 0) && !row &&
      !t.type(*in).is_vector()) {
    // At each pixel, a product over the channels: a convolution with a window of one pixel.
    if (matrix->shape[0] != t.type(*in).channels) {
      return Failure{fmt::format("its matrix takes {} channels, but there are {}", matrix->shape[0], t.type(*in).channels)};
    }
    OpAttributes a;
    a.channels = matrix->shape[1];
    a.kernel = {1, 1};
    return t.add(node, OpKind::conv2d, a, {*in}, {{"weight", rows_of(*matrix, false, 1)}});
  }
  if (!in || !matrix || matrix->shape.size() != 2 || matrix->elements != Elements::real || !dims || (!row && !t.channels_last(node, 0))) {
    return Failure{"resnetc has products of a vector with a constant matrix, and no others: no attention as yet"};
  }
  return linear(t, node, *in, rows_of(*matrix, false, 1), nullptr);
}

}  // namespace

Translators product_translators() {
  using enum ChannelsLast;
  return {{"Gemm", {gemm, kept}}, {"MatMul", {matmul, kept}}};
}

}  // namespace resnetc::importer
