/// \file Finds the nodes of topologies that come from a statement.
#include "editor/copies.h"

#include <fmt/format.h>

#include <functional>
#include <vector>

#include "ir/topology_summary.h"
#include "support/numbers.h"

namespace resnetc::editor {

namespace {

using topology::Network;
using topology::Node;
using topology::NodeKind;

constexpr size_t max_groups = 12;  ///< number of groups of equal copies that are shown
constexpr size_t max_names = 4;    ///< number of names of copies in a group
constexpr size_t max_values = 12;

std::string counted(int64_t count, std::string_view what) { return fmt::format("{} {}", grouped(count), plural(count, what)); }

/// The description of one copy, without its name.
class Describer {
 public:
  explicit Describer(const Network& network) : network_(network) {}

  std::string operator()(const Node& node, const Node* parent) const {
    switch (node.kind) {
      case NodeKind::layer: return fmt::format("{}: {}{}", described(network_, node), flow(node), cost(node));
      case NodeKind::block: return fmt::format("{}: {}{}", described(node.block_kind), flow(node), cost(node));
      case NodeKind::stage: return fmt::format("stage: {}{}", flow(node), cost(node));
      case NodeKind::skip:
      case NodeKind::concat: return edge(node, parent);
      case NodeKind::from: return fmt::format("`{}` {} is the current value", name(node.result), shape(node.result));
      case NodeKind::gate:
        return fmt::format("`{}` {} × `{}` {}: {}{}", name(node.input), shape(node.input), name(node.list_result), shape(node.list_result),
                           shape(node.result), cost(node));
    }
    return "";
  }

  std::string name_of(const Node& node) const {
    return node.kind == NodeKind::block || node.kind == NodeKind::stage ? node.label : name(node.result);
  }

  std::string shape(topology::ValueId value) const { return "`" + topology::shape(network_, value) + "`"; }

 private:
  const std::string& name(topology::ValueId value) const { return network_.value(value).name; }

  std::string flow(const Node& node) const { return fmt::format("{} → {}", shape(node.input), shape(node.result)); }

  std::string cost(const Node& node) const {
    const topology::Cost cost = topology::cost(network_, node);
    std::string text;
    if (cost.parameters != 0) text += ", " + counted(cost.parameters, "parameter");
    if (cost.multiply_adds != 0) text += ", " + counted(cost.multiply_adds, "multiply-add");
    return text;
  }

  std::string edge(const Node& node, const Node* parent) const {
    const std::string_view sign = node.kind == NodeKind::skip ? "+" : "and";
    std::string text = fmt::format("`{}` {} {} `{}` {}", name(node.input), shape(node.input), sign, name(node.from), shape(node.from));
    if (!node.children.empty()) text += fmt::format(", on the edge → {}{}", shape(node.list_result), cost(node));
    const std::optional<TensorType>&current = network_.value(node.input).type, &carried = network_.value(node.list_result).type;
    if (current && carried) {
      if (!topology::edge_type(node, *current, *carried)) {
        text += ": they differ";
      } else if (node.kind == NodeKind::concat) {
        text += ": " + shape(node.result);
      }
    }
    if (parent && parent->kind == NodeKind::block && node.kind == NodeKind::skip)
      text += fmt::format("; `{}` is of the kind {}", parent->label, described(parent->block_kind));
    return text;
  }

  const Network& network_;
};

using Wanted = std::function<bool(const Node&)>;

/// Groups of equal copies, in the order of the first copy of each.
class Copies {
 public:
  Copies(const Network& network, const Wanted& wanted) : describe_(network), wanted_(wanted) { walk(network.body, nullptr); }

  int64_t count() const { return count_; }

  std::string text() const {
    std::string out;
    for (size_t i = 0; i < std::min(groups_.size(), max_groups); ++i) {
      const Group& group = groups_[i];
      const std::string more = group.count > static_cast<int64_t>(group.names.size()) ? ", …" : "";
      out += fmt::format("- {}{} ({}{})\n", group.count > 1 ? fmt::format("{} × ", group.count) : "", group.text,
                         fmt::join(group.names, ", "), more);
    }
    if (groups_.size() > max_groups) out += fmt::format("- and {} others\n", groups_.size() - max_groups);
    return out;
  }

 private:
  struct Group {
    std::string text;
    int64_t count = 0;
    std::vector<std::string> names;
  };

  void walk(const std::vector<Node>& nodes, const Node* parent) {
    for (const Node& node : nodes) {
      if (wanted_(node)) add(node, parent);
      walk(node.children, node.kind == NodeKind::block || node.kind == NodeKind::stage ? &node : parent);
    }
  }

  void add(const Node& node, const Node* parent) {
    ++count_;
    std::string text = describe_(node, parent);
    const auto [found, fresh] = index_.emplace(text, groups_.size());
    if (fresh) groups_.push_back({std::move(text), 0, {}});
    Group& group = groups_[found->second];
    if (++group.count <= static_cast<int64_t>(max_names)) group.names.push_back("`" + describe_.name_of(node) + "`");
  }

  Describer describe_;
  const Wanted& wanted_;
  int64_t count_ = 0;
  std::vector<Group> groups_;
  std::map<std::string, size_t> index_;
};

/// `wanted` is called for each open network that contains the file. It returns the test for the network's nodes.
std::string described_nodes(const Workspace& workspace, const std::string& file, const std::function<Wanted(const Root&, FileId)>& wanted) {
  std::string out;
  bool used = false;
  for (const auto& [uri, root] : workspace.roots()) {
    const auto source = root->files.find(file);
    if (!root->has_network() || source == root->files.end()) continue;
    used = true;
    const std::string_view name = root->analysis.loaded.files.front().tree.network->name.text;
    if (!root->network) {
      out += fmt::format("`{}` has mistakes that leave its shapes open.\n", name);
      continue;
    }
    const Wanted question = wanted(*root, source->second->id);
    const Copies copies(*root->network, question);
    if (copies.count() == 0) {
      out += fmt::format("`{}` has no copy of it.\n", name);
    } else if (copies.count() == 1) {
      out += fmt::format("In `{}`:\n\n{}\n", name, copies.text());
    } else {
      out += fmt::format("{} copies in `{}`:\n\n{}\n", copies.count(), name, copies.text());
    }
  }
  return used ? out : "No open network uses it.\n";
}

}  // namespace

std::string described_copies(const Workspace& workspace, const std::string& file, Location at) {
  return described_nodes(workspace, file, [&](const Root&, FileId id) -> Wanted {
    Location there = at;
    there.file = id;
    return [there](const Node& node) { return node.at == there; };
  });
}

std::string described_uses(const Workspace& workspace, const std::string& file, std::string_view block) {
  return described_nodes(workspace, file, [&](const Root& root, FileId id) -> Wanted {
    const BlockTable& blocks = root.analysis.loaded.blocks;
    const auto found = blocks.find(block);
    const bool meant = found != blocks.end() && found->second->name.at.file == id;
    return [meant, block](const Node& node) { return meant && node.kind == NodeKind::block && node.definition == block; };
  });
}

std::string described_total(const Workspace& workspace, const std::string& file) {
  for (const auto& [uri, root] : workspace.roots()) {
    if (root->file != file || !root->network) continue;
    const Network& network = *root->network;
    topology::Cost cost;
    for (const Node& node : network.body) cost += topology::cost(network, node);
    std::string outputs;
    for (const topology::Output& output : network.outputs) {
      outputs += fmt::format("{}`{}`", outputs.empty() ? "" : ", ", topology::shape(network, output.value));
    }
    return fmt::format("`{}` → {}, {}, {}\n", topology::shape(network, network.input.value), outputs, counted(cost.parameters, "parameter"),
                       counted(cost.multiply_adds, "multiply-add"));
  }
  return "";
}

std::string described_values(const Workspace& workspace, const std::string& file, Location at) {
  std::string out;
  for (const auto& [uri, root] : workspace.roots()) {
    const auto source = root->files.find(file);
    if (!root->has_network() || source == root->files.end()) continue;
    at.file = source->second->id;
    const auto found = root->analysis.values.find(at);
    if (found == root->analysis.values.end()) continue;
    std::string values;
    size_t shown = 0;
    for (const int64_t value : found->second) {
      if (shown++ == max_values) break;
      values += fmt::format("{}`{}`", values.empty() ? "" : ", ", value);
    }
    if (found->second.size() > max_values) values += ", …";
    out += fmt::format("{} in `{}`\n", values, root->analysis.loaded.files.front().tree.network->name.text);
  }
  return out;
}

}  // namespace resnetc::editor
