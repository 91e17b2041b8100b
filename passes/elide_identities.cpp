/// \file Finds branches of zeros and removes them from a topology.
#include "passes/elide_identities.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include "passes/weight_name.h"

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
    uses_.resize(count, 0);
    count_uses(network_.body);
    for (const topology::Output& o : network_.outputs) ++uses_[static_cast<size_t>(o.value)];
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

  /// Records whether the values of the node cannot be negative. The table of operations says this, and what an edge makes of two such
  /// values cannot be negative either.
  void note_sign(Node& node) {
    if (node.result == topology::no_value || !topology::makes_value(node.kind)) return;
    bool sign = false;
    if (node.kind == NodeKind::layer) {
      if (node.op == OpKind::relu && elided_before_ == node.input && positive(node.input)) {
        context_.remarks.push_back(
            {"elide-identities", network_.value(node.result).name, "the ReLU goes too: its input is not negative", node.at});
        replaced_[static_cast<size_t>(node.result)] = node.input;
        node.result = topology::no_value;
        return;
      }
      switch (info(node.op).sign) {
        case Sign::any: break;
        case Sign::kept: sign = positive(node.input); break;
        case Sign::non_negative: sign = true; break;
      }
    } else {
      sign = positive(node.input) && positive(node.list_result);
    }
    non_negative_[static_cast<size_t>(node.result)] = sign;
  }

  void block(Node& block) {
    auto skip = std::find_if(block.children.begin(), block.children.end(), [](const Node& n) { return n.kind == NodeKind::skip; });
    if (skip == block.children.end() || !skip->children.empty() || skip->spread) return;
    if (skip->from != block.input || skip == block.children.begin()) return;
    // The branch is a chain of layers with a zero at the end. Only the next layer uses the result of each.
    for (auto n = block.children.begin(); n != skip; ++n) {
      if (n->kind != NodeKind::layer || uses_[static_cast<size_t>(n->result)] != 1) return;
    }
    if (!yields_zero(*(skip - 1))) return;
    for (auto n = block.children.begin(); n != skip; ++n) {
      if (finite(*n)) continue;
      context_.remarks.push_back({"elide-identities", block.label,
                                  fmt::format("the residual branch is kept: weights of '{}' are not finite", n->weights), block.at});
      return;
    }
    context_.depends_on_values = true;
    context_.remarks.push_back({"elide-identities", block.label, "the residual branch is zero: the block is the identity", block.at});
    replaced_[static_cast<size_t>(skip->result)] = block.input;
    elided_before_ = skip->result;
    block.children.erase(block.children.begin(), skip + 1);
  }

  /// Whether the layer's result is zero for every finite operand. That is so for a batch norm whose scale and shift are zero, and for a
  /// convolution or linear layer whose weights are all zero.
  bool yields_zero(const Node& layer) const {
    // Only these layers multiply all that they read by their weights.
    if (layer.op != OpKind::batch_norm && !product_ops.has(layer.op)) return false;
    if (layer.op == OpKind::batch_norm && !layer.attributes.affine) return false;  // it has no weight
    return all_weights(layer, [](std::string_view suffix, double x) { return x == 0 || suffix.starts_with("running_"); });
  }

  /// Whether the layer's weights let it make only finite values from finite ones.
  bool finite(const Node& layer) const {
    double eps = layer.attributes.eps;
    return all_weights(layer,
                       [eps](std::string_view suffix, double x) { return std::isfinite(x) && (suffix != "running_var" || x + eps > 0); });
  }

  template <class Good>
  bool all_weights(const Node& layer, Good good) const {
    for (const WeightSpec& w : weight_specs(layer.op, layer.attributes, *network_.value(layer.input).type)) {
      std::vector<double> values = context_.weights->read(weight_name(layer.op, layer.weights, w.suffix), w.shape);
      if (values.empty() || !std::all_of(values.begin(), values.end(), [&](double x) { return good(w.suffix, x); })) return false;
    }
    return true;
  }

  /// Counts how often each value is an operand, the source of an edge, the result of an edge's list, or gone back to.
  void count_uses(const std::vector<Node>& nodes) {
    auto count = [&](ValueId v) {
      if (v != topology::no_value) ++uses_[static_cast<size_t>(v)];
    };
    for (const Node& n : nodes) {
      count_uses(n.children);
      count(n.input);
      count(n.from);
      if (topology::is_edge(n.kind)) count(n.list_result);
    }
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

  /// Removes the values that no node makes any more.
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
  std::vector<int> uses_;
  ValueId elided_before_ = topology::no_value;
};

}  // namespace

void elide_identities(Network& network, PassContext& context) {
  if (context.weights != nullptr) Elision(network, context).run();
}

}  // namespace resnetc::passes
