/// \file Places where two values meet, or a value and a constant.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "import/layers/per_channel.h"
#include "import/translate.h"

namespace resnetc::importer {
namespace {

TensorPtr vector_of(const std::vector<double>& values) { return reals_of({static_cast<int64_t>(values.size())}, values); }

/// x * scale + shift in each channel. `each`: the model has a factor for each channel, even if all are alike.
Result<LayerId> scaled(Translation& t, const flat::Node& node, LayerId in, const std::vector<double>& scale,
                       const std::vector<double>& shift, bool each = false) {
  Result<LayerId> made = in;
  if (each || !all_are(scale, scale[0])) {
    made = t.add(node, OpKind::scale, {}, {in}, {{"weight", vector_of(scale)}});
  } else if (scale[0] != 1) {
    // A product of a product is one: models multiply by several constants in turn.
    const Layer& before = t.network().node(in);
    const bool twice = before.op == OpKind::multiply;
    const double by = twice ? before.attributes.by * scale[0] : scale[0];
    if (!(std::abs(by) <= static_cast<double>(std::numeric_limits<float>::max()))) {
      return Failure{fmt::format("it multiplies by {}, which is beyond the numbers of 32 bits", by)};
    }
    OpAttributes a;
    a.by = decimal_of(twice ? static_cast<double>(static_cast<float>(by)) : by);
    made = t.add(node, OpKind::multiply, a, {twice ? before.operands[0] : in});
  }
  if (!made || all_are(shift, 0)) return made;
  return t.add(node, OpKind::bias, {}, {*made}, {{"bias", vector_of(shift)}});
}

/// A sum with a constant becomes the bias of the convolution (a transposed one too) or linear layer that makes the value, if nothing else
/// reads it.
std::optional<LayerId> as_bias(Translation& t, const flat::Node& node, size_t input, const std::vector<double>& shift) {
  const LayerId in = *t.operand(node, input);
  Layer& layer = t.network().node(in);
  if (!product_ops.has(layer.op) || layer.attributes.bias || t.uses_of_input(node, input) != 1) return std::nullopt;
  layer.attributes.bias = true;
  layer.weights.push_back({"bias", vector_of(shift)});
  return in;
}

/// A sum with a number for each channel behind a product with such numbers is what a batch norm does: TensorFlow and frozen batch norms
/// keep no more of it. So it becomes one, of mean 0 and variance 1.
std::optional<LayerId> as_batch_norm(Translation& t, const flat::Node& node, size_t input, const std::vector<double>& shift) {
  const LayerId in = *t.operand(node, input);
  Layer& layer = t.network().node(in);
  if (layer.op != OpKind::scale || layer.operands[0] == 0 || t.uses_of_input(node, input) != 1) return std::nullopt;
  constexpr OpKind norms[] = {OpKind::batch_norm, OpKind::group_norm, OpKind::instance_norm, OpKind::layer_norm, OpKind::rms_norm};
  const OpKind before = t.network().node(layer.operands[0]).op;
  if (std::find(std::begin(norms), std::end(norms), before) != std::end(norms)) return std::nullopt;  // theirs
  const OpAttributes usual;
  const size_t channels = shift.size();
  layer.op = OpKind::batch_norm;
  layer.attributes.eps = usual.eps;
  layer.weights.push_back({"bias", vector_of(shift)});
  layer.weights.push_back({"running_mean", vector_of(std::vector<double>(channels, 0))});
  layer.weights.push_back({"running_var", vector_of(std::vector<double>(channels, 1 - usual.eps))});
  return in;
}

enum class Sum { plus, minus, times, over };

Result<LayerId> with_constant(Translation& t, const flat::Node& node, size_t input, const Tensor& constant, Sum sum) {
  const LayerId in = *t.operand(node, input);
  const std::optional<std::vector<double>> values = per_channel(t, node, input, constant);
  if (!values) return Failure{"its constant is no number, and has no number for each channel"};
  std::vector<double> scale(values->size(), 1), shift(values->size(), 0);
  const bool first = input == 0;  // the value stands before the constant
  for (size_t i = 0; i < values->size(); ++i) {
    const double c = (*values)[i];
    switch (sum) {
      case Sum::plus: shift[i] = c; break;
      case Sum::minus:
        scale[i] = first ? 1 : -1;
        shift[i] = first ? -c : c;
        break;
      case Sum::times: scale[i] = c; break;
      case Sum::over: scale[i] = 1 / c; break;
    }
  }
  if (sum == Sum::over && !first) return Failure{"it divides a constant by the value"};
  const bool each = values->size() > 1 && constant.size() == values->size();  // equal by chance, as in a network that nobody trained
  if (all_are(scale, 1) && (each || !all_are(shift, 0))) {
    if (const std::optional<LayerId> biased = as_bias(t, node, input, shift)) return *biased;
    if (const std::optional<LayerId> norm = as_batch_norm(t, node, input, shift)) return *norm;
  }
  return scaled(t, node, in, scale, shift, each && sum == Sum::times);
}

/// A vector, or a picture of one pixel, as a picture or line of this size whose pixels are all alike.
Result<LayerId> spread_to(Translation& t, const flat::Node& node, LayerId vector, const TensorType& size) {
  const Result<LayerId> pixel = t.type(vector).is_vector() ? t.as_pixel(node, vector) : vector;
  if (!pixel) return pixel;
  OpAttributes a;
  a.size = Extent2{size.height, size.width};
  return t.add(node, OpKind::upsample, a, {*pixel});
}

Result<LayerId> joined(Translation& t, const flat::Node& node, Sum sum) {
  if (node.inputs.size() != 2) return Failure{"it has not two inputs"};
  const auto a = t.operand(node, 0);
  auto b = t.operand(node, 1);
  if (a && !b) {
    const TensorPtr constant = t.graph().constant(node, 1);
    if (constant) return with_constant(t, node, 0, *constant, sum);
  }
  if (b && !a) {
    const TensorPtr constant = t.graph().constant(node, 0);
    if (constant) return with_constant(t, node, 1, *constant, sum);
  }
  if (!a || !b) return Failure{"it has no input"};
  if (sum == Sum::over) return Failure{"resnetc adds, subtracts and multiplies values, and has nothing else for two of them"};
  if (sum == Sum::minus) {  // a - b is a + (-1) * b
    OpAttributes negative;
    negative.by = -1;
    const Result<LayerId> negated = t.add(node, OpKind::multiply, negative, {*b});
    if (!negated) return negated;
    b = *negated;
    sum = Sum::plus;
  }
  const OpKind op = sum == Sum::plus ? OpKind::add : OpKind::mul;
  const TensorType left = t.type(*a), right = t.type(*b);
  const auto left_dims = t.dims(node, 0), right_dims = t.dims(node, 1);
  // numpy spreads [N, C] over columns and rows, not over pixels.
  const bool aligned = left_dims && right_dims && left_dims->size() == right_dims->size();
  if (left == right && (aligned || !left_dims || !right_dims)) {
    return t.add(node, op, {}, {*a, *b});
  }
  if (!aligned)
    return Failure{
        fmt::format("it spreads {} over {}", to_string(left.is_vector() ? left : right), to_string(left.is_vector() ? right : left))};
  // The picture stands first, what is spread over it second.
  const bool turned = left.is_vector() || (left.pixels() == 1 && right.pixels() != 1) || spreads_over(left, right);
  const LayerId picture = turned ? *b : *a;
  const TensorType &large = turned ? right : left, &small = turned ? left : right;
  if (large.channels == 1 && small.channels != 1 && small.pixels() == 1) {  // each is spread over the other
    const Result<LayerId> spread = spread_to(t, node, turned ? *a : *b, large);
    return spread ? t.add(node, op, {}, {*spread, picture}) : spread;
  }
  const Result<LayerId> other =
      t.type(turned ? *a : *b).pixels() == 1 ? t.as_vector(node, turned ? *a : *b) : Result<LayerId>(turned ? *a : *b);
  if (!other) return other;
  return t.add(node, op, {}, {picture, *other});
}

Result<LayerId> add(Translation& t, const flat::Node& node) { return joined(t, node, Sum::plus); }
Result<LayerId> subtract(Translation& t, const flat::Node& node) { return joined(t, node, Sum::minus); }
Result<LayerId> multiply(Translation& t, const flat::Node& node) { return joined(t, node, Sum::times); }
Result<LayerId> divide(Translation& t, const flat::Node& node) { return joined(t, node, Sum::over); }

Result<LayerId> sum_of_all(Translation& t, const flat::Node& node) {
  if (node.inputs.size() == 2) return add(t, node);
  std::optional<LayerId> total = t.operand(node, 0);
  for (size_t i = 1; i < node.inputs.size() && total; ++i) {
    const auto next = t.operand(node, i);
    if (!next) return Failure{"it adds a constant among several values"};
    const Result<LayerId> sum = t.add(node, OpKind::add, {}, {*total, *next});
    if (!sum) return sum;
    total = *sum;
  }
  if (!total) return Failure{"it has no input"};
  return *total;
}

Result<LayerId> negate(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  const size_t channels = static_cast<size_t>(t.type(*in).channels);
  return scaled(t, node, *in, std::vector<double>(channels, -1), std::vector<double>(channels, 0));
}

}  // namespace

std::optional<std::vector<double>> per_channel(const Translation& t, const flat::Node& node, size_t input, const Tensor& constant) {
  const std::optional<Dims> dims = t.dims(node, input);
  const std::optional<LayerId> in = t.operand(node, input);
  if (!dims || !in || constant.elements != Elements::real || constant.shape.size() > dims->size() || constant.size() == 0)
    return std::nullopt;
  const TensorType& type = t.type(*in);
  const size_t channels = static_cast<size_t>(type.channels);
  if (constant.size() == 1) return std::vector<double>(channels, constant.real(0));
  const size_t channel_axis = t.channel_axis(node, input);
  if (!t.channels_last(node, input) && !t.is_view(type, *dims)) return std::nullopt;
  if (constant.size() != channels) return std::nullopt;
  for (size_t i = 0; i < constant.shape.size(); ++i) {
    const size_t axis = dims->size() - constant.shape.size() + i;
    if (constant.shape[i] != (axis == channel_axis ? type.channels : 1)) return std::nullopt;
  }
  std::vector<double> values(channels);
  for (size_t i = 0; i < channels; ++i) values[i] = constant.real(i);
  return values;
}

Translators join_translators() {
  using enum ChannelsLast;
  return {{"Add", {add, kept}},    {"Sub", {subtract, kept}},   {"Mul", {multiply, kept}},
          {"Div", {divide, kept}}, {"Sum", {sum_of_all, kept}}, {"Neg", {negate, kept}}};
}

}  // namespace resnetc::importer
