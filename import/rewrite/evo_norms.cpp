/// \file Norms whose numerator is gated: EvoNorm-S0 (arXiv:2004.02967), equation of table 2.
#include <algorithm>

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

/// The groups have a dimension of their own, [N, groups, C / groups, H, W], over which and over the pixels the variance is taken. The
/// deviation [N, groups, 1, 1, 1] is spread over them and then has the picture's dimensions again.
std::optional<GroupDeviation> group_deviation(const flat::Graph& graph, ValueId value) {
  const flat::Node* picture = made_by(graph, value, "Reshape");
  const flat::Node* spread = picture == nullptr ? nullptr : made_by(graph, picture->inputs[0], "Expand");
  const flat::Node* root = spread == nullptr ? nullptr : made_by(graph, spread->inputs[0], "Sqrt");
  const flat::Node* sum = root == nullptr ? nullptr : made_by(graph, root->inputs[0], "Add");
  const auto eps = sum == nullptr || sum->inputs.size() != 2 ? std::nullopt : number_at(graph, *sum, 1);
  const auto squares = eps ? mean_along(graph, sum->inputs[0]) : std::nullopt;
  const flat::Node* difference = squares ? made_by(graph, squared(graph, squares->of), "Sub") : nullptr;
  const auto mean = difference == nullptr || difference->inputs.size() != 2 ? std::nullopt : mean_along(graph, difference->inputs[1]);
  if (!mean || mean->of != difference->inputs[0] || mean->axes != squares->axes) return std::nullopt;
  const flat::Node* grouping = made_by(graph, mean->of, "Reshape");
  if (grouping == nullptr || mean->axes != std::vector<size_t>{2, 3, 4}) return std::nullopt;
  const ValueId x = grouping->inputs[0];
  const auto &from = graph.value(x).dims, &grouped = graph.value(mean->of).dims;
  if (!from || !grouped || from->size() != 4 || grouped->size() != 5 || !(*grouped)[1].known()) return std::nullopt;
  const Whole groups = (*grouped)[1], one{1, 0};
  const bool split = groups.fixed >= 1 && (*grouped)[0] == (*from)[0] && times(groups, (*grouped)[2]) == (*from)[1] &&
                     (*grouped)[3] == (*from)[2] && (*grouped)[4] == (*from)[3];
  const bool back = graph.value(root->outputs[0]).dims == Dims{(*from)[0], groups, one, one, one} &&
                    graph.value(spread->outputs[0]).dims == grouped && graph.value(value).dims == from;
  return split && back ? std::optional(GroupDeviation{x, groups.fixed, *eps}) : std::nullopt;
}

}  // namespace

void name_evo_norms(flat::Graph& graph) {
  const std::vector<int> uses = use_counts(graph);
  for (flat::Node& node : graph.nodes) {
    if (node.dead || !node.domain.empty() || node.op != "Div" || node.inputs.size() != 2 || node.outputs.empty()) continue;
    const auto deviation = group_deviation(graph, node.inputs[1]);
    if (!deviation) continue;
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
