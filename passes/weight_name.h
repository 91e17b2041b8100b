/// \file The names that the tensors of layers have in checkpoints.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "ir/op.h"

namespace resnetc::passes {

/// Whether the only tensor of a layer has the layer's own name. In PyTorch, a scale is no module but a parameter of the module around it:
/// "layer_scale", "gamma".
inline bool is_named_as_layer(OpKind layer) { return layer == OpKind::scale; }

/// The name of one tensor of the layer whose weights are called `weights`, such as "layer1.0.conv1.weight".
inline std::string weight_name(OpKind layer, std::string_view weights, std::string_view suffix) {
  return is_named_as_layer(layer) ? std::string(weights) : fmt::format("{}.{}", weights, suffix);
}

}  // namespace resnetc::passes
