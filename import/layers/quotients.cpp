/// \file Norms that subtract nothing, powers, and convolutions along channels.
#include <fmt/format.h>

#include "import/translate.h"

namespace resnetc::importer {
namespace {

/// What import/rewrite has made of several operators.
Result<LayerId> quotient(Translation& t, const flat::Node& node, OpKind kind) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  if (flat::integer(node, "axis", -1) != static_cast<int64_t>(t.channel_axis(node, 0))) {
    return Failure{"resnetc has such norms over channels, and no others"};
  }
  OpAttributes a;
  a.eps = decimal_of(flat::real(node, "epsilon", 0));
  if (!(a.eps >= 0 && a.eps <= 1)) return Failure{fmt::format("its epsilon is {}, not between 0 and 1", a.eps)};
  a.affine = false;
  if (kind == OpKind::mean_norm) a.affine = true;  // the default: the layer has no such attribute
  return t.add(node, kind, a, {*in});
}

Result<LayerId> rms_norm(Translation& t, const flat::Node& node) { return quotient(t, node, OpKind::rms_norm); }
Result<LayerId> mean_norm(Translation& t, const flat::Node& node) { return quotient(t, node, OpKind::mean_norm); }

Result<LayerId> power(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const TensorPtr exponent = t.graph().constant(node, 1);
  if (!in || !exponent || uniform(*exponent) != 2.0) return Failure{"resnetc has squares, and no other powers"};
  return t.add(node, OpKind::square, {}, {*in});
}

/// A convolution along the channels of a vector: the vector becomes a picture of one row.
Result<LayerId> channel_conv(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const TensorPtr weight = t.graph().constant(node, 1);
  if (!in || !weight || weight->elements != Elements::real) return Failure{"its weight is computed from the picture"};
  const Result<LayerId> vector = t.as_vector(node, *in);
  if (!vector) return vector;
  const int64_t taps = weight->shape[2], channels = t.type(*vector).channels;
  const auto pads = flat::list(node, "pads");
  const std::vector<int64_t> half{taps / 2, taps / 2};
  if (taps % 2 == 0 || pads.value_or(std::vector<int64_t>{0, 0}) != half || flat::text(node, "auto_pad", "NOTSET") != "NOTSET") {
    return Failure{"resnetc has convolutions along channels with an odd number of taps and as many results"};
  }
  OpAttributes picture, conv;
  picture.channels = 1;
  picture.size = {1, channels};
  const Result<LayerId> row = t.add(node, OpKind::unflatten, picture, {*vector});
  if (!row) return row;
  conv.channels = 1;
  conv.kernel = {1, taps};
  conv.pad = Sides(0, taps / 2, 0, taps / 2);
  std::vector<LayerWeight> weights{{"weight", weight}};
  if (node.inputs.size() > 2 && node.inputs[2] != flat::no_value) {
    const TensorPtr bias = t.graph().constant(node, 2);
    if (!bias || bias->size() != 1) return Failure{"its bias is no constant"};
    conv.bias = true;
    weights.push_back({"bias", bias});
  }
  const Result<LayerId> sums = t.add(node, OpKind::conv2d, conv, {*row}, std::move(weights));
  return sums ? t.add(node, OpKind::flatten, {}, {*sums}) : sums;
}

}  // namespace

Translators quotient_translators() {
  using enum ChannelsLast;
  return {{"RmsNorm", {rms_norm, kept}}, {"MeanNorm", {mean_norm, kept}}, {"Pow", {power, kept}}, {"ChannelConv", {channel_conv}}};
}

}  // namespace resnetc::importer
