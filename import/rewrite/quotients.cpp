/// \file Norms that subtract nothing, which exporters spell as quotients: by the root of a mean of squares, or by a mean.
#include "import/rewrite/rewrite.h"

namespace resnetc::importer {
namespace {

using flat::ValueId;

struct Mean {
  ValueId of;
  int64_t axis;
};
struct Norm {
  std::string_view op;
  ValueId input;
  int64_t axis;
  double eps;
};

class Quotients {
 public:
  explicit Quotients(const flat::Graph& graph) : graph_(graph) {}

  std::optional<Norm> named(const flat::Node& node) const {
    if (!node.domain.empty() || node.inputs.size() != 2 || node.outputs.empty()) return std::nullopt;
    if (node.op == "Div") return quotient(node.inputs[0], node.inputs[1]);
    if (node.op != "Mul") return std::nullopt;
    for (const size_t i : {size_t{0}, size_t{1}}) {  // x * (1 / r)
      ValueId divisor = flat::no_value;
      if (const flat::Node* inverse = made_by(graph_, node.inputs[i], "Reciprocal")) divisor = inverse->inputs[0];
      if (const flat::Node* inverse = made_by(graph_, node.inputs[i], "Div")) {
        if (inverse->inputs.size() == 2 && number_at(graph_, *inverse, 0) == 1.0) divisor = inverse->inputs[1];
      }
      if (const auto found = divisor == flat::no_value ? std::nullopt : quotient(node.inputs[1 - i], divisor)) return found;
    }
    return std::nullopt;
  }

 private:
  std::optional<Norm> quotient(ValueId x, ValueId divisor) const {
    double eps = 0;
    if (const flat::Node* root = made_by(graph_, divisor, "Sqrt")) {
      const auto mean = mean_over_one_axis(without_eps(root->inputs[0], eps));
      return mean && is_square(mean->of, x) ? std::optional(Norm{"RmsNorm", x, mean->axis, eps}) : std::nullopt;
    }
    const auto mean = mean_over_one_axis(without_eps(divisor, eps));
    return mean && mean->of == x ? std::optional(Norm{"MeanNorm", x, mean->axis, eps}) : std::nullopt;
  }

  /// The other operand if the value is a sum with a number, which goes into `eps`.
  ValueId without_eps(ValueId value, double& eps) const {
    const flat::Node* sum = made_by(graph_, value, "Add");
    if (sum == nullptr || sum->inputs.size() != 2) return value;
    for (const size_t i : {size_t{0}, size_t{1}}) {
      if (const auto number = number_at(graph_, *sum, i)) {
        eps = *number;
        return sum->inputs[1 - i];
      }
    }
    return value;
  }

  std::optional<Mean> mean_over_one_axis(ValueId value) const {
    const flat::Node* mean = made_by(graph_, value, "ReduceMean");
    if (mean == nullptr || flat::integer(*mean, "keepdims", 1) == 0) return std::nullopt;
    const auto axes = list_at(graph_, *mean, 1, "axes");
    const auto& dims = graph_.value(mean->inputs[0]).dims;
    const auto axis = axes && axes->size() == 1 && dims ? flat::axis_of((*axes)[0], dims->size()) : std::nullopt;
    if (!axis) return std::nullopt;
    return Mean{mean->inputs[0], static_cast<int64_t>(*axis)};
  }

  bool is_square(ValueId value, ValueId x) const {
    if (const flat::Node* power = made_by(graph_, value, "Pow")) return power->inputs[0] == x && number_at(graph_, *power, 1) == 2.0;
    const flat::Node* product = made_by(graph_, value, "Mul");
    return product != nullptr && product->inputs.size() == 2 && product->inputs[0] == x && product->inputs[1] == x;
  }

  const flat::Graph& graph_;
};

}  // namespace

void name_quotients(flat::Graph& graph) {
  for (flat::Node& node : graph.nodes) {
    const auto norm = node.dead ? std::nullopt : Quotients(graph).named(node);
    if (!norm) continue;
    node.op = norm->op;
    node.inputs = {norm->input};
    Attribute axis, eps;
    axis.kind = Attribute::Kind::integer;
    axis.integer = norm->axis;
    eps.kind = Attribute::Kind::real;
    eps.real = norm->eps;
    node.attributes.clear();
    node.attributes.emplace("axis", axis);
    node.attributes.emplace("epsilon", eps);
  }
}

}  // namespace resnetc::importer
