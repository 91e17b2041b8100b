/// \file Pictures whose channels come last.
#include <algorithm>
#include <iterator>
#include <set>

#include "import/rewrite/rewrite.h"
#include "import/shapes.h"

namespace resnetc::importer {
namespace {

/// The values that convolutions read, and which so have their channels first.
std::set<flat::ValueId> convolved(const flat::Graph& graph) {
  std::set<flat::ValueId> values;
  for (const flat::Node& node : graph.nodes) {
    if (!node.dead && node.op == "Conv" && node.domain.empty() && !node.inputs.empty()) values.insert(node.inputs[0]);
  }
  return values;
}

/// Whether an operator with constants is one of those by which models normalise, resize and pad their input.
bool prepares_input(const flat::Node& node) {
  static constexpr std::string_view ops[] = {"Add", "Sub", "Mul", "Div", "Neg", "Clip", "Resize", "Upsample", "Pad", "FakeQuantize"};
  return node.domain.empty() && node.outputs.size() == 1 && std::find(std::begin(ops), std::end(ops), node.op) != std::end(ops);
}

}  // namespace

void turn_before_pads(flat::Graph& graph) {
  const std::vector<int> uses = use_counts(graph);
  for (flat::Node& turn : graph.nodes) {
    if (turn.dead || !turn.domain.empty() || turn.op != "Transpose" || turn.inputs.size() != 1 || turn.outputs.size() != 1) continue;
    const flat::Node* found = made_by(graph, turn.inputs[0], "Pad");
    if (found == nullptr || flat::list(turn, "perm") != std::vector<int64_t>{0, 3, 1, 2} ||
        uses[static_cast<size_t>(turn.inputs[0])] != 1) {
      continue;
    }
    flat::Node& pad = graph.node(graph.value(turn.inputs[0]).producer);
    const std::optional<Dims> dims = pad.inputs[0] == flat::no_value ? std::nullopt : graph.value(pad.inputs[0]).dims;
    const bool by_axis = pad.inputs.size() > 3 && pad.inputs[3] != flat::no_value;
    const auto pads = dims && dims->size() == 4 && !by_axis ? added_by(graph, pad, 4) : std::nullopt;
    if (!pads) continue;
    // The two change places: the first makes the value in between, the second the last one.
    constexpr size_t order[] = {0, 3, 1, 2};
    Dims between;
    for (const size_t axis : order) between.push_back((*dims)[axis]);
    std::vector<Whole> wholes;
    for (const std::vector<int64_t>* side : {&pads->before, &pads->after}) {
      for (const size_t axis : order) wholes.push_back({(*side)[axis], 0});
    }
    const flat::ValueId added = static_cast<flat::ValueId>(graph.values.size());
    graph.values.push_back({"", Dims{{static_cast<int64_t>(wholes.size()), 0}}, list_of(std::move(wholes)), flat::no_node});
    graph.value(turn.inputs[0]).dims = between;
    const flat::ValueId input = pad.inputs[0];
    pad.inputs[0] = turn.inputs[0];
    pad.inputs.resize(std::max<size_t>(pad.inputs.size(), 2), flat::no_value);
    pad.inputs[1] = added;
    pad.attributes.erase("pads");
    turn.inputs = {input};
    std::swap(turn.op, pad.op);
    std::swap(turn.name, pad.name);
    std::swap(turn.scope, pad.scope);
    std::swap(turn.attributes, pad.attributes);
    std::swap(turn.inputs, pad.inputs);
  }
}

void find_channels_last(flat::Graph& graph) {
  const std::optional<Dims> dims = graph.value(graph.input).dims;
  if (!dims || dims->size() < 3 || dims->size() > 4) return;
  const std::vector<int64_t> to_front = dims->size() == 4 ? std::vector<int64_t>{0, 3, 1, 2} : std::vector<int64_t>{0, 2, 1};
  Dims first;
  for (const int64_t axis : to_front) first.push_back((*dims)[static_cast<size_t>(axis)]);
  // Lines are turned in the same way from channels first to last.
  const bool line = dims->size() == 3;
  const std::set<flat::ValueId> channels_first = line ? convolved(graph) : std::set<flat::ValueId>();
  const auto turns = [&](const flat::Node& node) {
    if (!node.domain.empty() || node.outputs.empty() || (line && !channels_first.contains(node.outputs[0]))) return false;
    if (node.op == "Transpose") return flat::list(node, "perm") == to_front;
    // With one channel, both orders are the same.
    return node.op == "Reshape" && first[1] == Whole{1, 0} && graph.value(node.outputs[0]).dims == first;
  };
  std::set<flat::ValueId> last{graph.input};
  bool turned = false;
  for (const flat::Node& node : graph.nodes) {
    const auto is_last = [&](flat::ValueId value) { return last.contains(value); };
    if (node.dead || std::none_of(node.inputs.begin(), node.inputs.end(), is_last)) continue;
    if (turns(node)) {
      turned = true;
    } else if (prepares_input(node) && std::all_of(node.inputs.begin(), node.inputs.end(), [&](flat::ValueId value) {
                 return value == flat::no_value || is_last(value) || graph.value(value).constant != nullptr;
               })) {
      last.insert(node.outputs[0]);
    } else {
      return;
    }
  }
  for (const auto& [name, value] : graph.outputs) {
    if (last.contains(value)) return;
  }
  graph.channels_last = turned;
}

}  // namespace resnetc::importer
