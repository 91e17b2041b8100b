/// \file Norms that subtract nothing, which exporters spell as quotients: by the root of a mean of squares, or by a mean.
#include "import/rewrite/means.h"
#include "import/rewrite/rewrite.h"

namespace resnetc::importer {
namespace {

using flat::ValueId;

/// The operation that the quotient is, of `input` along `axis`.
struct Quotient {
  std::string_view op;
  ValueId input;
  size_t axis;
  double eps;
};

/// The other operand if the value is a sum with a number, which goes into `eps`.
ValueId without_eps(const flat::Graph& graph, ValueId value, double& eps) {
  const flat::Node* sum = made_by(graph, value, "Add");
  if (sum == nullptr || sum->inputs.size() != 2) return value;
  for (const size_t i : {size_t{0}, size_t{1}}) {
    if (const auto number = number_at(graph, *sum, i)) {
      eps = *number;
      return sum->inputs[1 - i];
    }
  }
  return value;
}

/// x and `other`, which divides it or, unless `divides`, is multiplied by it.
std::optional<Quotient> quotient_of(const flat::Graph& graph, ValueId x, ValueId other, bool divides) {
  double eps = 0;
  if (const ValueId squares = under_root(graph, other, divides); squares != flat::no_value) {
    const auto mean = mean_along_axis(graph, without_eps(graph, squares, eps));
    return mean && squared(graph, mean->of) == x ? std::optional(Quotient{"RmsNorm", x, mean->axis, eps}) : std::nullopt;
  }
  const ValueId divisor = divides ? other : inverted(graph, other);
  const auto mean = mean_along_axis(graph, without_eps(graph, divisor, eps));
  return mean && mean->of == x ? std::optional(Quotient{"MeanNorm", x, mean->axis, eps}) : std::nullopt;
}

std::optional<Quotient> named(const flat::Graph& graph, const flat::Node& node) {
  if (node.dead || !node.domain.empty() || node.inputs.size() != 2 || node.outputs.empty()) return std::nullopt;
  if (node.op == "Div") return quotient_of(graph, node.inputs[0], node.inputs[1], true);
  if (node.op != "Mul") return std::nullopt;
  const auto first = quotient_of(graph, node.inputs[0], node.inputs[1], false);
  return first ? first : quotient_of(graph, node.inputs[1], node.inputs[0], false);
}

}  // namespace

void name_quotients(flat::Graph& graph) {
  for (flat::Node& node : graph.nodes) {
    const auto quotient = named(graph, node);
    if (!quotient) continue;
    node.op = quotient->op;
    node.inputs = {quotient->input};
    node.attributes.clear();
    node.attributes.emplace("axis", whole_number(static_cast<int64_t>(quotient->axis)));
    node.attributes.emplace("epsilon", real_number(quotient->eps));
  }
}

}  // namespace resnetc::importer
