/// \file Functions of one element. Those without numbers have a line each: a layer that resnetc gets needs nothing more.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "import/layers/per_channel.h"
#include "import/translate.h"
#include "ir/meanings.h"

namespace resnetc::importer {
namespace {

/// Operators without attributes that matter, and the layers that compute the same.
struct Same {
  std::string_view op, layer;
};
constexpr Same same_layers[] = {
    {"Relu", "relu"},          {"Sigmoid", "sigmoid"},      {"Tanh", "tanh"},         {"Mish", "mish"},        {"Silu", "silu"},
    {"GeluTanh", "gelu_tanh"}, {"HardSwish", "hard_swish"}, {"Softplus", "softplus"}, {"Softsign", "softsign"}};

/// A layer of the language by its name.
Result<LayerId> named(Translation& t, const flat::Node& node, std::string_view layer, const OpAttributes& attributes = {},
                      std::vector<LayerWeight> weights = {}) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  const std::optional<OpKind> kind = layer_named(layer);
  if (!kind) return Failure{"resnetc has no layer for it yet"};
  return t.add(node, *kind, attributes, {*in}, std::move(weights));
}

Result<LayerId> same(Translation& t, const flat::Node& node) {
  for (const Same& one : same_layers) {
    if (one.op == node.op) return named(t, node, one.layer);
  }
  return Failure{"it is in no table", Blame::bug};
}

Result<LayerId> leaky_relu(Translation& t, const flat::Node& node) {
  OpAttributes a;
  a.slope = decimal_of(flat::real(node, "alpha", static_cast<double>(0.01F)));
  return named(t, node, "leaky_relu", a);
}

Result<LayerId> elu(Translation& t, const flat::Node& node) {
  OpAttributes a;
  a.alpha = decimal_of(flat::real(node, "alpha", 1));
  return named(t, node, "elu", a);
}

/// The layer `selu` where the numbers are those of the paper, as exporters write them; else an elu and a factor.
Result<LayerId> selu(Translation& t, const flat::Node& node) {
  constexpr double usual_alpha = static_cast<float>(meaning::selu_alpha), usual_gamma = static_cast<float>(meaning::selu_gamma);
  const double alpha = flat::real(node, "alpha", usual_alpha), gamma = flat::real(node, "gamma", usual_gamma);
  const auto near = [](double a, double b) { return std::abs(a - b) < 1e-6; };
  if (near(alpha, usual_alpha) && near(gamma, usual_gamma)) return named(t, node, "selu");
  OpAttributes a, factor;
  a.alpha = decimal_of(alpha);
  factor.by = decimal_of(gamma);
  const Result<LayerId> curve = named(t, node, "elu", a);
  return curve ? t.add(node, OpKind::multiply, factor, {*curve}) : curve;
}

Result<LayerId> hard_sigmoid(Translation& t, const flat::Node& node) {
  OpAttributes a;
  const double slope = flat::real(node, "alpha", static_cast<double>(0.2F));
  a.slope = std::abs(6 * slope - 1) < 1e-6 ? 1.0 / 6 : decimal_of(slope);  // Paddle writes 0.1666667
  a.offset = decimal_of(flat::real(node, "beta", 0.5));
  return named(t, node, "hard_sigmoid", a);
}

Result<LayerId> gelu(Translation& t, const flat::Node& node) {
  return named(t, node, flat::text(node, "approximate", "none") == "tanh" ? "gelu_tanh" : "gelu");
}

Result<LayerId> swish(Translation& t, const flat::Node& node) {
  if (flat::real(node, "alpha", 1) != 1) return Failure{"its alpha is not 1"};
  return named(t, node, "silu");
}

Result<LayerId> prelu(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const TensorPtr slope = t.graph().constant(node, 1);
  const auto values = in && slope ? per_channel(t, node, 0, *slope) : std::nullopt;
  if (!values) return Failure{"its slope has no number for each channel"};
  return named(t, node, "prelu", {}, {{"weight", reals_of({static_cast<int64_t>(values->size())}, *values)}});
}

/// What lies between two bounds, of which one may be missing.
Result<LayerId> bounded(Translation& t, const flat::Node& node, std::optional<double> low, std::optional<double> high) {
  constexpr double largest = std::numeric_limits<float>::max();
  if (low == 0.0 && (!high || *high >= largest)) return named(t, node, "relu");
  OpAttributes a;
  a.low = low ? decimal_of(std::max(*low, -largest)) : -largest;
  a.high = high ? decimal_of(std::min(*high, largest)) : largest;
  if (!(a.low <= a.high)) return Failure{fmt::format("its bounds are {} and {}", a.low, a.high)};
  return named(t, node, "clip", a);
}

Result<LayerId> clip(Translation& t, const flat::Node& node) {
  std::optional<double> bounds[2];
  for (const size_t i : {size_t{0}, size_t{1}}) {
    const std::string_view attribute = i == 0 ? "min" : "max";
    if (flat::has(node, attribute)) bounds[i] = flat::real(node, attribute, 0);
    if (i + 1 < node.inputs.size() && node.inputs[i + 1] != flat::no_value) {
      const TensorPtr constant = t.graph().constant(node, i + 1);
      bounds[i] = constant ? uniform(*constant) : std::nullopt;
      if (!bounds[i]) return Failure{"its bounds are computed from the picture"};
    }
  }
  return bounded(t, node, bounds[0], bounds[1]);
}

/// Min or Max of a value and a number.
Result<LayerId> one_bound(Translation& t, const flat::Node& node) {
  const TensorPtr constant = node.inputs.size() == 2 ? t.graph().constant(node, 1) : nullptr;
  const std::optional<double> bound = constant ? uniform(*constant) : std::nullopt;
  if (!bound) return Failure{"resnetc has the smaller or larger of a value and a number, in this order, and no other"};
  return node.op == "Max" ? bounded(t, node, bound, std::nullopt) : bounded(t, node, std::nullopt, bound);
}

Result<LayerId> softmax(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const auto dims = t.dims(node, 0);
  const auto axis = dims ? flat::axis_of(flat::integer(node, "axis", t.graph().opset < 13 ? 1 : -1), dims->size()) : std::nullopt;
  if (!in || !axis || *axis != t.channel_axis(node, 0) || (!t.channels_last(node, 0) && !t.is_view(t.type(*in), *dims))) {
    return Failure{"resnetc has the softmax over the features of a vector or the channels of each pixel, and no other"};
  }
  return t.add(node, OpKind::softmax, {}, {*in});
}

}  // namespace

Translators elementwise_translators() {
  using enum ChannelsLast;
  Translators all{{"Softmax", {softmax, kept}},
                  {"LeakyRelu", {leaky_relu, kept}},
                  {"Elu", {elu, kept}},
                  {"Selu", {selu, kept}},
                  {"HardSigmoid", {hard_sigmoid, kept}},
                  {"Gelu", {gelu, kept}},
                  {"Swish", {swish, kept}},
                  {"PRelu", {prelu, kept}},
                  {"Clip", {clip, kept}},
                  {"Min", {one_bound, kept}},
                  {"Max", {one_bound, kept}}};
  for (const Same& one : same_layers) all.emplace(one.op, Translator{same, kept});
  return all;
}

}  // namespace resnetc::importer
