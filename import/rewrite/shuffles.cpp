/// \file Channels of groups in turn, which exporters spell as Reshape, Transpose, Reshape.
#include <algorithm>

#include "import/rewrite/rewrite.h"

namespace resnetc::importer {
namespace {

/// The groups if the node is the last of [N, C, H, W] -> [N, groups, C / groups, H, W] -> [N, C / groups, groups, H, W] -> [N, C, H, W],
/// and the value before them. H and W may be one dimension in the middle, and are one of lines.
struct Shuffle {
  int64_t groups;
  flat::ValueId input;
};
std::optional<Shuffle> shuffle_before(const flat::Graph& graph, const flat::Node& last) {
  if (last.op != "Reshape" || !last.domain.empty() || last.inputs.empty()) return std::nullopt;
  const flat::Node* transpose = made_by(graph, last.inputs[0], "Transpose");
  const flat::Node* first = transpose == nullptr ? nullptr : made_by(graph, transpose->inputs[0], "Reshape");
  if (first == nullptr) return std::nullopt;
  const auto &from = graph.value(first->inputs[0]).dims, &middle = graph.value(first->outputs[0]).dims,
             &to = graph.value(last.outputs[0]).dims;
  const auto order = flat::list(*transpose, "perm");
  if (!from || !middle || from != to || from->size() < 3 || from->size() > 4 || !order || (middle->size() != 5 && middle->size() != 4))
    return std::nullopt;
  std::vector<int64_t> wanted{0, 2, 1, 3, 4};
  wanted.resize(middle->size());
  const Whole groups = (*middle)[1];
  const bool channels = (*middle)[0] == (*from)[0] && groups.known() && groups.fixed > 0 && times(groups, (*middle)[2]) == (*from)[1];
  const bool pixels = middle->size() == from->size() + 1 ? std::equal(middle->begin() + 3, middle->end(), from->begin() + 2)
                                                         : from->size() == 4 && times((*from)[2], (*from)[3]) == (*middle)[3];
  if (*order != wanted || !channels || !pixels) return std::nullopt;
  return Shuffle{groups.fixed, first->inputs[0]};
}

}  // namespace

void name_shuffles(flat::Graph& graph) {
  for (flat::Node& node : graph.nodes) {
    const auto shuffle = node.dead ? std::nullopt : shuffle_before(graph, node);
    if (!shuffle) continue;
    node.op = "ChannelShuffle";
    node.inputs = {shuffle->input};
    node.attributes.clear();
    node.attributes.emplace("groups", whole_number(shuffle->groups));
  }
}

}  // namespace resnetc::importer
