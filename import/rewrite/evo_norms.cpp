/// \file Norms whose numerator is gated: EvoNorm-S0 (arXiv:2004.02967), equation of table 2.
#include <algorithm>
#include <array>

#include "import/rewrite/means.h"
#include "import/rewrite/rewrite.h"

namespace resnetc::importer {
namespace {

using flat::ValueId;

/// The deviation of a value's channels in groups: sqrt(mean((x - mean(x))^2) + eps).
struct GroupDeviation {
  ValueId of;
  int64_t groups;
  double eps;
};

/// The value of which views and copies make this one.
ValueId before_views(const flat::Graph& graph, ValueId value) {
  constexpr std::array<std::string_view, 4> unchanging = {"Reshape", "Expand", "Cast", "Identity"};
  for (int step = 0; step < 8; ++step) {
    const flat::Node* view = nullptr;
    for (const std::string_view op : unchanging) view = view == nullptr ? made_by(graph, value, op) : view;
    if (view == nullptr) break;
    value = view->inputs[0];
  }
  return value;
}

std::optional<GroupDeviation> group_deviation(const flat::Graph& graph, ValueId value) {
  const flat::Node* root = made_by(graph, before_views(graph, value), "Sqrt");
  const flat::Node* sum = root == nullptr ? nullptr : made_by(graph, root->inputs[0], "Add");
  const auto eps = sum == nullptr || sum->inputs.size() != 2 ? std::nullopt : number_at(graph, *sum, 1);
  const auto squares = eps ? mean_along(graph, sum->inputs[0]) : std::nullopt;
  const flat::Node* difference = squares ? made_by(graph, squared(graph, squares->of), "Sub") : nullptr;
  const auto mean = difference == nullptr || difference->inputs.size() != 2 ? std::nullopt : mean_along(graph, difference->inputs[1]);
  if (!mean || mean->of != difference->inputs[0] || mean->axes != squares->axes) return std::nullopt;
  // The groups have a dimension of their own: [N, groups, C / groups, H, W], of which all after the groups are reduced.
  const ValueId grouped = mean->of, whole = before_views(graph, grouped);
  const auto &dims = graph.value(grouped).dims, &from = graph.value(whole).dims;
  if (!dims || !from || dims->size() != 5 || from->size() != 4 || mean->axes != std::vector<size_t>{2, 3, 4}) return std::nullopt;
  const Whole groups = (*dims)[1], members = (*dims)[2], channels = (*from)[1];
  const bool split = groups.known() && members.known() && channels.known() && groups.fixed >= 1 && channels.fixed % groups.fixed == 0 &&
                     channels.fixed / groups.fixed == members.fixed;
  if (!split || (*dims)[0] != (*from)[0] || (*dims)[3] != (*from)[2] || (*dims)[4] != (*from)[3]) return std::nullopt;
  return GroupDeviation{whole, groups.fixed, *eps};
}

}  // namespace

void name_evo_norms(flat::Graph& graph) {
  const std::vector<int> uses = use_counts(graph);
  for (flat::Node& node : graph.nodes) {
    if (node.dead || !node.domain.empty() || node.op != "Div" || node.inputs.size() != 2 || node.outputs.empty()) continue;
    const auto deviation = group_deviation(graph, node.inputs[1]);
    if (!deviation || graph.value(node.outputs[0]).dims != graph.value(deviation->of).dims) continue;
    const ValueId numerator = node.inputs[0];
    const flat::Node* made = made_by(graph, numerator, "Mul");
    if (made == nullptr || made->inputs.size() != 2 || uses[static_cast<size_t>(numerator)] != 1) continue;
    const auto place = std::find(made->inputs.begin(), made->inputs.end(), deviation->of);
    if (place == made->inputs.end()) continue;
    const ValueId gate = made->inputs[place == made->inputs.begin() ? 1 : 0];
    // The product becomes the norm, and the quotient the product.
    flat::Node& norm = graph.nodes[static_cast<size_t>(graph.value(numerator).producer)];
    norm.op = "GroupNorm";
    norm.inputs = {deviation->of};
    norm.attributes.clear();
    norm.attributes.emplace("epsilon", real_number(deviation->eps));
    norm.attributes.emplace("num_groups", whole_number(deviation->groups));
    norm.attributes.emplace("subtract_mean", whole_number(0));
    node.op = "Mul";
    node.inputs = {numerator, gate};
    node.attributes.clear();
  }
}

}  // namespace resnetc::importer
