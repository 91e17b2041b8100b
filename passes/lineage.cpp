/// \file The elements of the three levels, and the relation between them.
#include "passes/lineage.h"

#include <fmt/format.h>

#include <set>

#include "support/suggest.h"

namespace resnetc::passes {

namespace {

void collect(const topology::Network& network, const std::vector<topology::Node>& nodes, std::vector<Element>& into) {
  const auto name = [&](topology::ValueId id) { return std::string_view(network.value(id).name); };
  for (const topology::Node& node : nodes) {
    collect(network, node.children, into);
    switch (node.kind) {
      case topology::NodeKind::layer: into.push_back({name(node.result), {name(node.input)}}); break;
      case topology::NodeKind::skip:
      case topology::NodeKind::concat:
      case topology::NodeKind::gate: into.push_back({name(node.result), {name(node.input), name(node.list_result)}}); break;
      case topology::NodeKind::from:
      case topology::NodeKind::block:
      case topology::NodeKind::stage: break;
    }
  }
}

std::vector<Element> elements_of(const topology::Network& network) {
  std::vector<Element> all{{network.value(network.input.value).name, {}}};
  collect(network, network.body, all);
  return all;
}

std::vector<Element> elements_of(const graph::Graph& graph) {
  std::vector<Element> all;
  for (const graph::Op& op : graph.ops) {
    Element& element = all.emplace_back(Element{op.name, {}});
    for (graph::ValueId id : op.operands) element.operands.emplace_back(graph.op(id).name);
    for (const graph::Step& step : op.epilogue) {
      if (step.operand != graph::no_value) element.operands.emplace_back(graph.op(step.operand).name);
    }
  }
  return all;
}

std::vector<Element> elements_of(const program::Program& program) {
  std::vector<Element> all;
  for (const program::Kernel& kernel : program.kernels) {
    if (kernel.kind == program::KernelKind::store) continue;
    Element& element = all.emplace_back(Element{kernel.name, {}});
    for (program::TensorId id : program::reads(kernel)) element.operands.emplace_back(program.tensor(id).name);
  }
  return all;
}

bool lies_in(std::string_view name, std::string_view path) {
  return name.starts_with(path) && (name.size() == path.size() || name[path.size()] == '.');
}

}  // namespace

std::vector<Element> elements(const AnyIr& ir) {
  return std::visit([](const auto& level) { return elements_of(level); }, ir);
}

Lineage lineage(const AnyIr& before, const AnyIr& after) {
  Lineage result;
  for (const Element& element : elements(after)) result.emplace(element.name, element.name);
  const bool drops = std::holds_alternative<topology::Network>(after);
  const std::vector<Element> old = elements(before);
  std::map<std::string_view, std::vector<std::string_view>> readers;
  for (const Element& element : old) {
    for (std::string_view operand : element.operands) readers[operand].push_back(element.name);
  }
  Lineage found;
  for (auto element = old.rbegin(); element != old.rend(); ++element) {  // readers come later in `old`, so their lineage is known
    std::string into;
    if (const auto same = result.find(element->name); same != result.end()) {
      into = same->second;
    } else if (!drops) {
      const std::vector<std::string_view>& by = readers[element->name];
      for (size_t i = 0; i < by.size(); ++i) {
        const std::string& one = found.find(by[i])->second;
        if (i == 0) into = one;
        if (one != into) into.clear();
      }
    }
    found.emplace(element->name, std::move(into));
  }
  return found;
}

Lineage then(const Lineage& first, const Lineage& second) {
  Lineage both;
  for (const auto& [from, to] : first) {
    const auto next = second.find(to);
    both.emplace(from, next == second.end() ? std::string() : next->second);
  }
  return both;
}

ValueNames part(std::string_view path, const AnyIr& read, const AnyIr& shown) {
  ValueNames names;
  for (const auto& [from, to] : lineage(read, shown)) {
    if (lies_in(from, path) && !to.empty()) names.insert(to);
  }
  for (const Element& element : elements(shown)) {
    if (lies_in(element.name, path)) names.emplace(element.name);
  }
  return names;
}

std::string part_fault(std::string_view path, const AnyIr& read, const AnyIr& shown) {
  std::set<std::string_view> paths;
  for (const AnyIr* ir : {&read, &shown}) {
    for (const Element& element : elements(*ir)) {
      if (lies_in(element.name, path)) return "";
      for (size_t dot = element.name.find('.'); dot != std::string_view::npos; dot = element.name.find('.', dot + 1)) {
        paths.insert(element.name.substr(0, dot));
      }
      paths.insert(element.name);
    }
  }
  return fmt::format("{}: the network has no such layer, block or stage{}", path, suggestion(path, {paths.begin(), paths.end()}));
}

}  // namespace resnetc::passes
