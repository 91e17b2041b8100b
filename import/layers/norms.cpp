/// \file Normalisations.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "import/translate.h"

namespace resnetc::importer {
namespace {

Result<LayerId> batch_norm(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  if (flat::integer(node, "training_mode", 0) != 0)
    return Failure{"it computes its statistics in each run, as in training: export it with model.eval()"};
  if (flat::integer(node, "spatial", 1) == 0) return Failure{"it has statistics for each pixel"};
  OpAttributes a;
  a.eps = decimal_of(flat::real(node, "epsilon", static_cast<double>(1e-5F)));
  if (!(a.eps >= 0 && a.eps <= 1)) return Failure{fmt::format("its epsilon is {}, not between 0 and 1", a.eps)};
  std::vector<LayerWeight> weights;
  constexpr std::string_view names[] = {"weight", "bias", "running_mean", "running_var"};
  for (size_t i = 0; i < 4; ++i) {
    const TensorPtr values = t.graph().constant(node, i + 1);
    if (!values || values->elements != Elements::real || values->size() != static_cast<size_t>(t.type(*in).channels)) {
      return Failure{fmt::format("its {} is no constant with an element for each channel", names[i])};
    }
    weights.push_back({names[i], values});
  }
  return t.add(node, OpKind::batch_norm, a, {*in}, std::move(weights));
}

/// A norm with a weight and a bias for each channel as its second and third input, of which the bias or both may be missing.
Result<LayerId> affine_norm(Translation& t, const flat::Node& node, OpKind kind, int64_t groups) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  const std::vector<int64_t> shape{t.type(*in).channels};
  OpAttributes a;
  a.groups = groups;
  a.subtract_mean = flat::integer(node, "subtract_mean", 1) != 0;
  a.eps = decimal_of(flat::real(node, "epsilon", static_cast<double>(1e-5F)));
  if (!(a.eps >= 0 && a.eps <= 1)) return Failure{fmt::format("its epsilon is {}, not between 0 and 1", a.eps)};
  const size_t channels = static_cast<size_t>(shape[0]);
  std::vector<LayerWeight> weights;
  a.affine = node.inputs.size() > 1;
  for (size_t i = 1; a.affine && i <= 2; ++i) {
    TensorPtr values = t.graph().constant(node, i);
    if (i == 2 && node.inputs.size() < 3) values = reals_of(shape, std::vector<double>(channels, 0));
    if (!values || values->elements != Elements::real || values->size() != channels) {
      return Failure{"its weights are no constants with an element for each channel"};
    }
    weights.push_back({i == 1 ? "weight" : "bias", values});
  }
  return t.add(node, kind, a, {*in}, std::move(weights));
}

Result<LayerId> instance_norm(Translation& t, const flat::Node& node) { return affine_norm(t, node, OpKind::instance_norm, 1); }

Result<LayerId> group_norm(Translation& t, const flat::Node& node) {
  if (t.graph().opset < 21) return Failure{"its weights count groups, as before version 21 of the operators; export it again"};
  return affine_norm(t, node, OpKind::group_norm, flat::integer(node, "num_groups", 1));
}

Result<LayerId> layer_norm(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const auto dims = t.dims(node, 0);
  const auto axis = dims ? flat::axis_of(flat::integer(node, "axis", -1), dims->size()) : std::nullopt;
  const bool vector = in && t.type(*in).is_vector() && dims && dims->size() == 2;
  if (!in || !axis || (!vector && !t.channels_last(node, 0)) || *axis != t.channel_axis(node, 0)) {
    return Failure{"resnetc has the layer norm over the features of a vector or the channels of each pixel, and no other"};
  }
  return affine_norm(t, node, OpKind::layer_norm, 1);
}

// What import/rewrite makes of several operators

Result<LayerId> named_group_norm(Translation& t, const flat::Node& node) {
  return affine_norm(t, node, OpKind::group_norm, flat::integer(node, "num_groups", 1));
}

Result<LayerId> named_layer_norm(Translation& t, const flat::Node& node) {
  const auto dims = t.dims(node, 0);
  const size_t axis = static_cast<size_t>(flat::integer(node, "axis", 1));
  const auto in = t.operand(node, 0);
  const bool plain = in && dims && (t.channels_last(node, 0) || t.is_view(t.type(*in), *dims));
  if (!plain || axis != t.channel_axis(node, 0)) {
    return Failure{"resnetc has the layer norm over the features of a vector or the channels of each pixel, and no other"};
  }
  return affine_norm(t, node, OpKind::layer_norm, 1);
}

}  // namespace

Translators norm_translators() {
  using enum ChannelsLast;
  return {{"BatchNormalization", {batch_norm}}, {"InstanceNormalization", {instance_norm}}, {"GroupNormalization", {group_norm}},
          {"GroupNorm", {named_group_norm}},    {"LayerNorm", {named_layer_norm, kept}},    {"LayerNormalization", {layer_norm, kept}}};
}

}  // namespace resnetc::importer
