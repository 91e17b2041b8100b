/// \file Recognises means, squares and roots.
#include "import/rewrite/means.h"

#include <algorithm>

#include "import/rewrite/rewrite.h"

namespace resnetc::importer {

std::optional<Means> mean_along(const flat::Graph& graph, flat::ValueId value) {
  const flat::Node* node = made_by(graph, value, "ReduceMean");
  if (node == nullptr || flat::integer(*node, "keepdims", 1) == 0) return std::nullopt;
  const auto& dims = graph.value(node->inputs[0]).dims;
  const auto numbers = list_at(graph, *node, 1, "axes");
  const auto axes = numbers && dims ? flat::axes_of(*numbers, dims->size()) : std::nullopt;
  if (!axes) return std::nullopt;
  Means found{node->inputs[0], *axes};
  std::sort(found.axes.begin(), found.axes.end());
  return found;
}

std::optional<Mean> mean_along_axis(const flat::Graph& graph, flat::ValueId value) {
  const auto found = mean_along(graph, value);
  return found && found->axes.size() == 1 ? std::optional(Mean{found->of, found->axes[0]}) : std::nullopt;
}

flat::ValueId squared(const flat::Graph& graph, flat::ValueId value) {
  if (const flat::Node* product = made_by(graph, value, "Mul"); product != nullptr && product->inputs.size() == 2) {
    return product->inputs[0] == product->inputs[1] ? product->inputs[0] : flat::no_value;
  }
  const flat::Node* power = made_by(graph, value, "Pow");
  return power != nullptr && number_at(graph, *power, 1) == 2.0 ? power->inputs[0] : flat::no_value;
}

flat::ValueId inverted(const flat::Graph& graph, flat::ValueId value) {
  if (const flat::Node* one_over = made_by(graph, value, "Reciprocal")) return one_over->inputs[0];
  const flat::Node* quotient = made_by(graph, value, "Div");
  return quotient != nullptr && quotient->inputs.size() == 2 && number_at(graph, *quotient, 0) == 1.0 ? quotient->inputs[1]
                                                                                                      : flat::no_value;
}

flat::ValueId under_root(const flat::Graph& graph, flat::ValueId value, bool divides) {
  if (!divides) {
    if (const flat::ValueId divisor = inverted(graph, value); divisor != flat::no_value) return under_root(graph, divisor, true);
  }
  if (const flat::Node* root = divides ? made_by(graph, value, "Sqrt") : nullptr) return root->inputs[0];
  const flat::Node* power = made_by(graph, value, "Pow");
  return power != nullptr && number_at(graph, *power, 1) == (divides ? 0.5 : -0.5) ? power->inputs[0] : flat::no_value;
}

}  // namespace resnetc::importer
