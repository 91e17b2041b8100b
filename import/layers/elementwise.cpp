/// \file Functions of one element, by the name of the layer: a layer that resnetc gets needs nothing here.
#include <fmt/format.h>

#include "import/translate.h"

namespace resnetc::importer {
namespace {

/// Operators without attributes that matter, and the layers that compute the same.
struct Same {
  std::string_view op, layer;
};
constexpr Same plain[] = {{"Relu", "relu"}, {"Sigmoid", "sigmoid"}, {"Tanh", "tanh"},           {"Erf", "erf"},
                          {"Mish", "mish"}, {"Silu", "silu"},       {"HardSwish", "hard_swish"}};

/// A layer of the language by its name, without attributes.
Result<LayerId> named(Translation& t, const flat::Node& node, std::string_view layer) {
  const auto in = t.operand(node, 0);
  if (!in) return Failure{"it has no input"};
  const std::optional<OpKind> kind = layer_named(layer);
  if (!kind) return Failure{"resnetc has no layer for it yet"};
  return t.add(node, *kind, {}, {*in});
}

Result<LayerId> same(Translation& t, const flat::Node& node) {
  for (const Same& one : plain) {
    if (one.op == node.op) return named(t, node, one.layer);
  }
  return Failure{"it is in no table", Blame::bug};
}

Result<LayerId> softmax(Translation& t, const flat::Node& node) {
  const auto in = t.operand(node, 0);
  const auto dims = t.dims(node, 0);
  const auto axis = dims ? flat::axis_of(flat::integer(node, "axis", t.graph().opset < 13 ? 1 : -1), dims->size()) : std::nullopt;
  if (!in || !axis || *axis != 1) return Failure{"resnetc has the softmax over the features of a vector, and no other"};
  return t.add(node, OpKind::softmax, {}, {*in});
}

}  // namespace

Translators elementwise_translators() {
  Translators all{{"Softmax", softmax}};
  for (const Same& one : plain) all.emplace(one.op, same);
  return all;
}

}  // namespace resnetc::importer
