/// \file Computes sums and short texts.
#include "ir/topology_summary.h"

#include <fmt/format.h>

#include <limits>

#include "ir/recipe.h"

namespace resnetc::topology {

namespace {

void add(int64_t& sum, int64_t term) {
  if (__builtin_add_overflow(sum, term, &sum)) sum = std::numeric_limits<int64_t>::max();
}

}  // namespace

Cost& Cost::operator+=(const Cost& other) {
  add(parameters, other.parameters);
  add(multiply_adds, other.multiply_adds);
  return *this;
}

Cost cost(const Network& network, const Node& node) {
  Cost out;
  for (const Node& child : node.children) out += cost(network, child);
  if (node.kind != NodeKind::layer) return out;
  const auto& from = network.value(node.input).type;
  const auto& to = network.value(node.result).type;
  if (!from || !to) return out;
  for (const WeightSpec& spec : weight_specs(node.op, node.attributes, *from)) {
    if (!spec.suffix.starts_with("running_")) add(out.parameters, element_count(spec.shape));
  }
  out.multiply_adds = multiply_adds(node.op, node.attributes, *from, *to);
  return out;
}

std::string described_window(const OpAttributes& a, const TensorType& made) {
  const auto shown = [&](Extent2 extent) { return extent.h == extent.w ? std::to_string(extent.h) : as_written(extent, made); };
  std::string text = " " + as_written(a.kernel, made);
  if (a.stride != Extent2{1, 1}) text += " /" + shown(a.stride);
  if (a.dilation != Extent2{1, 1}) text += fmt::format(" dilation {}", as_written(a.dilation, made));
  if (a.groups != 1) text += fmt::format(" groups {}", a.groups);
  return text;
}

std::string described(const Network& network, const Node& layer) {
  const TensorType made = network.value(layer.result).type.value_or(TensorType());
  if (layer.op == OpKind::pad) return fmt::format("pad {}", to_string(layer.attributes.pad));
  return std::string(info(layer.op).layer) + (window_ops.has(layer.op) ? described_window(layer.attributes, made) : "");
}

std::string_view described(BlockKind kind) {
  switch (kind) {
    case BlockKind::plain: return "plain block";
    case BlockKind::identity: return "identity block";
    case BlockKind::conv: return "conv block";
  }
  return "";
}

std::string shape(const Network& network, ValueId value) {
  const auto& type = network.value(value).type;
  return type ? to_string(*type) : "?";
}

std::string_view word(NodeKind kind) {
  switch (kind) {
    case NodeKind::layer: return "layer";
    case NodeKind::skip: return "skip";
    case NodeKind::concat: return "concat";
    case NodeKind::gate: return "gate";
    case NodeKind::from: return "from";
    case NodeKind::block: return "block";
    case NodeKind::stage: return "stage";
  }
  return "";
}

std::string words(const Node& edge) { return std::string(word(edge.kind)) + (edge.spread ? " spread" : ""); }

std::string described_source(const Network& network, const Node& node) {
  std::string text = fmt::format("from {} = {}", node.from_name, network.value(node.from).name);
  if (!node.children.empty()) text += node.label.empty() ? " via a list" : " via " + node.label;
  return text;
}

}  // namespace resnetc::topology
