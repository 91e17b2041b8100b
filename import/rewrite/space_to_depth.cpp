/// \file Neighbouring pixels as channels of one pixel, which models spell as Reshape, Transpose, Reshape.
#include "import/rewrite/rewrite.h"

namespace resnetc::importer {
namespace {

/// The block if the node is the last of [N, C, H, W] -> [N, C, H / b, b, W / b, b] -> [N, b, b, C, H / b, W / b] -> [N, b * b * C, H / b,
/// W / b], and the value before them.
struct Blocks {
  int64_t size;
  flat::ValueId input;
};
std::optional<Blocks> blocks_before(const flat::Graph& graph, const flat::Node& last) {
  if (last.op != "Reshape" || !last.domain.empty() || last.inputs.empty()) return std::nullopt;
  const flat::Node* transpose = made_by(graph, last.inputs[0], "Transpose");
  const flat::Node* first = transpose == nullptr ? nullptr : made_by(graph, transpose->inputs[0], "Reshape");
  if (first == nullptr || flat::list(*transpose, "perm") != std::vector<int64_t>{0, 3, 5, 1, 2, 4}) return std::nullopt;
  const auto &from = graph.value(first->inputs[0]).dims, &middle = graph.value(first->outputs[0]).dims,
             &to = graph.value(last.outputs[0]).dims;
  if (!from || !middle || !to || from->size() != 4 || middle->size() != 6 || to->size() != 4) return std::nullopt;
  const Whole block = (*middle)[3];
  const bool split = (*middle)[0] == (*from)[0] && (*middle)[1] == (*from)[1] && (*middle)[5] == block && block.known() &&
                     block.fixed > 0 && block.fixed <= 1024 && times((*middle)[2], block) == (*from)[2] &&
                     times((*middle)[4], block) == (*from)[3];
  const bool joined = (*to)[0] == (*from)[0] && (*to)[1] == times((*from)[1], Whole{block.fixed * block.fixed, 0}) &&
                      (*to)[2] == (*middle)[2] && (*to)[3] == (*middle)[4];
  if (!split || !joined) return std::nullopt;
  return Blocks{block.fixed, first->inputs[0]};
}

}  // namespace

void name_space_to_depth(flat::Graph& graph) {
  for (flat::Node& node : graph.nodes) {
    const auto blocks = node.dead ? std::nullopt : blocks_before(graph, node);
    if (!blocks) continue;
    node.op = "SpaceToDepth";
    node.inputs = {blocks->input};
    node.attributes.clear();
    node.attributes.emplace("blocksize", whole_number(blocks->size));
  }
}

}  // namespace resnetc::importer
