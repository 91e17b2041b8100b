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
  if (flat::integer(node, "training_mode", 0) != 0) return Failure{"it computes its statistics in each run, as in training"};
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

}  // namespace

Translators norm_translators() { return {{"BatchNormalization", batch_norm}}; }

}  // namespace resnetc::importer
