/// \file Reads attributes, and counts and replaces uses.
#include "import/flat.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/forms/text.h"

namespace resnetc::importer::flat {
namespace {

const Attribute* find_attribute(const Node& node, std::string_view name, Attribute::Kind kind) {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() || found->second.kind != kind ? nullptr : &found->second;
}

}  // namespace

int64_t integer(const Node& node, std::string_view name, int64_t otherwise) {
  const Attribute* a = find_attribute(node, name, Attribute::Kind::integer);
  return a == nullptr ? otherwise : a->integer;
}

double real(const Node& node, std::string_view name, double otherwise) {
  const Attribute* a = find_attribute(node, name, Attribute::Kind::real);
  return a == nullptr ? otherwise : a->real;
}

std::string_view text(const Node& node, std::string_view name, std::string_view otherwise) {
  const Attribute* a = find_attribute(node, name, Attribute::Kind::text);
  return a == nullptr ? otherwise : std::string_view(a->text);
}

std::optional<std::vector<int64_t>> list(const Node& node, std::string_view name) {
  const Attribute* a = find_attribute(node, name, Attribute::Kind::integers);
  if (a == nullptr) return std::nullopt;
  return a->integers;
}

bool has(const Node& node, std::string_view name) { return node.attributes.find(name) != node.attributes.end(); }

std::optional<std::vector<int64_t>> list_at(const Graph& graph, const Node& node, size_t input, std::string_view attribute) {
  if (const TensorPtr constant = graph.constant(node, input)) return integers(*constant);
  if (input < node.inputs.size() && node.inputs[input] != no_value) return std::nullopt;
  return list(node, attribute);
}

std::optional<size_t> axis_of(int64_t axis, size_t rank) {
  const int64_t r = static_cast<int64_t>(rank);
  if (axis < -r || axis >= r) return std::nullopt;
  return static_cast<size_t>(axis < 0 ? axis + r : axis);
}

std::optional<std::vector<size_t>> axes_of(const std::vector<int64_t>& axes, size_t rank) {
  std::vector<size_t> result;
  for (const int64_t axis : axes) {
    const std::optional<size_t> one = axis_of(axis, rank);
    if (!one) return std::nullopt;
    result.push_back(*one);
  }
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end()) return std::nullopt;
  return result;
}

std::vector<int> use_counts(const Graph& graph) {
  std::vector<int> counts(graph.values.size());
  for (const Node& node : graph.nodes) {
    if (node.dead) continue;
    for (const ValueId input : node.inputs) {
      if (input != no_value) ++counts[static_cast<size_t>(input)];
    }
  }
  for (const auto& [name, value] : graph.outputs) ++counts[static_cast<size_t>(value)];
  return counts;
}

void replace_uses(Graph& graph, ValueId old, ValueId now) {
  for (Node& node : graph.nodes) std::replace(node.inputs.begin(), node.inputs.end(), old, now);
  for (auto& [name, value] : graph.outputs) {
    if (value == old) value = now;
  }
}

std::string described(const Graph& graph, const Node& node) {
  std::string places;
  if (!node.name.empty()) places += fmt::format("node '{}', ", resnetc::text::shown(node.name));
  const auto made = std::find_if(node.outputs.begin(), node.outputs.end(), [](ValueId v) { return v != no_value; });
  if (made != node.outputs.end()) places += fmt::format("output '{}', ", resnetc::text::shown(graph.value(*made).name));
  if (!places.empty()) places = fmt::format(" ({})", places.substr(0, places.size() - 2));
  const std::string domain = node.domain.empty() ? "" : resnetc::text::shown(node.domain) + ".";
  return fmt::format("'{}{}'{}", domain, resnetc::text::shown(node.op), places);
}

}  // namespace resnetc::importer::flat
