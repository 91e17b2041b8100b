#include "passes/elide_identities.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace resnetc::passes {
namespace {

using topology::Network;
using topology::Node;
using topology::NodeKind;
using topology::ValueId;

class Elision {
 public:
  Elision(Network& network, PassContext& context) : network_(network), context_(context) {}

  void run() {
    size_t count = network_.values.size();
    replaced_.resize(count);
    for (size_t i = 0; i < count; ++i) replaced_[i] = static_cast<ValueId>(i);
    non_negative_.resize(count, false);
    list(network_.body);
    if (!context_.depends_on_values) return;
    rename(network_.body);
    for (topology::Output& o : network_.outputs) o.value = final_value(o.value);
    compact();
  }

 private:
  void list(std::vector<Node>& nodes) {
    for (Node& node : nodes) {
      if (node.kind == NodeKind::block && node.children.size() >= 2) block(node);
      list(node.children);
      note_sign(node);
    }
    std::erase_if(nodes, [](const Node& n) { return n.kind == NodeKind::layer && n.result == topology::no_value; });
  }

  ValueId final_value(ValueId v) const {
    while (v != topology::no_value && replaced_[static_cast<size_t>(v)] != v) v = replaced_[static_cast<size_t>(v)];
    return v;
  }

  bool positive(ValueId v) const { return non_negative_[static_cast<size_t>(final_value(v))]; }

  /// Which values cannot be negative: what a ReLU or a sigmoid makes, pools of such, and sums of two such.
  void note_sign(Node& node) {
    if (node.result == topology::no_value || node.kind == NodeKind::block || node.kind == NodeKind::stage) return;
    bool sign = false;
    if (node.kind == NodeKind::layer) {
      switch (node.op) {
        case OpKind::relu:
          if (elided_before_ == node.input && positive(node.input)) {
            context_.remarks.push_back(
                {"elide-identities", network_.value(node.result).name, "the ReLU goes too: its input is not negative", node.at});
            replaced_[static_cast<size_t>(node.result)] = node.input;
            node.result = topology::no_value;
            return;
          }
          sign = true;
          break;
        case OpKind::sigmoid:
        case OpKind::softmax: sign = true; break;
        case OpKind::max_pool:
        case OpKind::avg_pool:
        case OpKind::global_avg_pool:
        case OpKind::pad_channels: sign = positive(node.input); break;
        default: break;
      }
    } else {
      sign = positive(node.input) && positive(node.list_result);
    }
    non_negative_[static_cast<size_t>(node.result)] = sign;
  }

  void block(Node& block) {
    auto skip = std::find_if(block.children.begin(), block.children.end(), [](const Node& n) { return n.kind == NodeKind::skip; });
    if (skip == block.children.end() || !skip->children.empty() || skip->from != block.input || skip == block.children.begin()) return;
    const Node& last = *(skip - 1);
    if (last.kind != NodeKind::layer || last.op != OpKind::batch_norm || !is_zero(last)) return;
    for (auto n = block.children.begin(); n != skip; ++n) {
      if (n->kind != NodeKind::layer || used_elsewhere(*n, block, skip)) return;
    }
    context_.depends_on_values = true;
    context_.remarks.push_back({"elide-identities", block.label, "the residual branch is zero: the block is the identity", block.at});
    replaced_[static_cast<size_t>(skip->result)] = block.input;
    elided_before_ = skip->result;
    block.children.erase(block.children.begin(), skip + 1);
  }

  bool is_zero(const Node& norm) const {
    int64_t c = network_.value(norm.result).type->channels;
    auto read = [&](const char* suffix) { return context_.weights->read(fmt::format("{}.{}", norm.weights, suffix), {c}); };
    auto all = [](const std::vector<double>& v, auto&& good) { return !v.empty() && std::all_of(v.begin(), v.end(), good); };
    auto zero = [](double x) { return x == 0; };
    return all(read("weight"), zero) && all(read("bias"), zero) && all(read("running_mean"), [](double x) { return std::isfinite(x); }) &&
           all(read("running_var"), [](double x) { return std::isfinite(x) && x >= 0; });
  }

  /// Whether a value of the branch is used after it: by a skip edge later in the block, or as an output.
  bool used_elsewhere(const Node& node, const Node& block, std::vector<Node>::const_iterator skip) const {
    for (const topology::Output& o : network_.outputs) {
      if (o.value == node.result) return true;
    }
    return std::any_of(skip + 1, block.children.cend(), [&](const Node& n) { return uses(n, node.result); });
  }

  static bool uses(const Node& node, ValueId value) {
    if (node.input == value || node.from == value || node.list_result == value) return true;
    return std::any_of(node.children.begin(), node.children.end(), [&](const Node& n) { return uses(n, value); });
  }

  void rename(std::vector<Node>& nodes) {
    for (Node& n : nodes) {
      n.input = final_value(n.input);
      n.from = final_value(n.from);
      n.list_result = final_value(n.list_result);
      n.result = final_value(n.result);
      rename(n.children);
    }
  }

  /// Drops the values that nothing makes any more.
  void compact() {
    std::vector<bool> made(network_.values.size(), false);
    made[static_cast<size_t>(network_.input.value)] = true;
    mark(network_.body, made);
    std::vector<ValueId> renumbered(network_.values.size(), topology::no_value);
    std::vector<topology::Value> kept;
    for (size_t i = 0; i < made.size(); ++i) {
      if (!made[i]) continue;
      renumbered[i] = static_cast<ValueId>(kept.size());
      kept.push_back(std::move(network_.values[i]));
    }
    network_.values = std::move(kept);
    replaced_ = renumbered;
    renumber(network_.body);
    network_.input.value = replaced_[static_cast<size_t>(network_.input.value)];
    for (topology::Output& o : network_.outputs) o.value = replaced_[static_cast<size_t>(o.value)];
  }

  static void mark(const std::vector<Node>& nodes, std::vector<bool>& made) {
    for (const Node& n : nodes) {
      mark(n.children, made);
      made[static_cast<size_t>(n.result)] = true;
    }
  }

  void renumber(std::vector<Node>& nodes) {
    auto turn = [&](ValueId& v) {
      if (v != topology::no_value) v = replaced_[static_cast<size_t>(v)];
    };
    for (Node& n : nodes) {
      turn(n.input);
      turn(n.from);
      turn(n.list_result);
      turn(n.result);
      renumber(n.children);
    }
  }

  Network& network_;
  PassContext& context_;
  std::vector<ValueId> replaced_;
  std::vector<bool> non_negative_;
  ValueId elided_before_ = topology::no_value;
};

}  // namespace

void elide_identities(Network& network, PassContext& context) {
  if (context.weights != nullptr) Elision(network, context).run();
}

}  // namespace resnetc::passes
