/// \file Zeros around a picture that an operator of its own adds.
#include <algorithm>

#include "import/rewrite/rewrite.h"
#include "import/shapes.h"

namespace resnetc::importer {
namespace {

/// The numbers of pixels that a Pad adds before each spatial dimension, then those behind each. Nothing if it adds anything else, or cuts
/// pixels off: no window begins behind the first of them.
std::optional<std::vector<int64_t>> added_around(const flat::Graph& graph, const flat::Node& pad, double& value) {
  const std::optional<Dims>& dims = graph.value(pad.inputs[0]).dims;
  if (flat::text(pad, "mode", "constant") != "constant" || !dims || dims->size() < 3 || dims->size() > 4) return std::nullopt;
  const auto pads = added_by(graph, pad, dims->size());
  if (!pads) return std::nullopt;
  value = flat::real(pad, "value", 0);
  if (pad.inputs.size() > 2 && pad.inputs[2] != flat::no_value) {
    const std::optional<double> given = number_at(graph, pad, 2);
    if (!given) return std::nullopt;
    value = *given;
  }
  std::vector<int64_t> added;
  for (const std::vector<int64_t>* side : {&pads->before, &pads->after}) {
    if ((*side)[0] != 0 || (*side)[1] != 0) return std::nullopt;
    added.insert(added.end(), side->begin() + 2, side->end());
  }
  const auto fits = [](int64_t p) { return p >= 0 && p <= (1 << 20); };
  return std::all_of(added.begin(), added.end(), fits) ? std::optional(std::move(added)) : std::nullopt;
}

/// Whether zeros around the picture make no difference to the operator's own padding.
bool pads_with(const flat::Graph& graph, const flat::Node& node, const flat::Node& pad, double value) {
  if (node.op == "Conv") return value == 0;
  const bool plain = flat::integer(node, "ceil_mode", 0) == 0;
  if (node.op == "AveragePool") {  // what is counted must be all of the padding
    const auto own = flat::list(node, "pads");
    const bool none = !own || std::all_of(own->begin(), own->end(), [](int64_t p) { return p == 0; });
    return plain && value == 0 && (none || flat::integer(node, "count_include_pad", 0) != 0);
  }
  // Padding never is the maximum. A zero is none beside elements that are not negative.
  return node.op == "MaxPool" && plain && (value <= -1e30 || (value == 0 && made_by(graph, pad.inputs[0], "Relu") != nullptr));
}

}  // namespace

void absorb_pads(flat::Graph& graph) {
  for (flat::Node& node : graph.nodes) {
    if (node.dead || !node.domain.empty() || (node.op != "Conv" && node.op != "MaxPool" && node.op != "AveragePool")) continue;
    const std::string_view automatic = flat::text(node, "auto_pad", "NOTSET");
    if (node.inputs.empty() || (automatic != "NOTSET" && automatic != "VALID")) continue;
    const flat::Node* pad = made_by(graph, node.inputs[0], "Pad");
    double value = 0;
    const auto added =
        pad == nullptr || pad->inputs.empty() || pad->inputs[0] == flat::no_value ? std::nullopt : added_around(graph, *pad, value);
    if (!added || !pads_with(graph, node, *pad, value)) continue;
    std::vector<int64_t> pads = *added;
    if (const auto own = flat::list(node, "pads"); own && automatic == "NOTSET") {
      if (own->size() != pads.size() || std::any_of(own->begin(), own->end(), [](int64_t p) { return p < 0 || p > (1 << 20); })) continue;
      for (size_t i = 0; i < pads.size(); ++i) pads[i] += (*own)[i];
    }
    node.attributes.insert_or_assign("pads", whole_numbers(pads));
    node.attributes.erase("auto_pad");
    if (node.op == "AveragePool") node.attributes.insert_or_assign("count_include_pad", whole_number(1));
    node.inputs[0] = pad->inputs[0];
  }
}

}  // namespace resnetc::importer
