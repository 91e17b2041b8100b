/// \file Sums and softmaxes over parts of channels, as in split attention (arXiv:2004.08955) and selective kernels (arXiv:1903.06586).
/// Models give the parts a dimension of their own, [N, parts, C, H, W].
#include <algorithm>

#include "import/rewrite/rewrite.h"

namespace resnetc::importer {
namespace {

using flat::ValueId;

class Parts {
 public:
  explicit Parts(const flat::Graph& graph) : graph_(graph) {}

  /// A value [N, parts, C, H, W] as the values that it consists of: one with all channels, or one for each part.
  std::optional<std::vector<ValueId>> taken_apart(ValueId value) const {
    const auto& dims = dims_of(value);
    if (!dims || dims->size() != 5 || !(*dims)[1].known() || !(*dims)[2].known()) return std::nullopt;
    const int64_t parts = (*dims)[1].fixed;
    if (parts < 2 || parts > 64) return std::nullopt;
    if (const ValueId whole = whole_before(value, parts * (*dims)[2].fixed); whole != flat::no_value) return std::vector{whole};
    const flat::Node* joined = made_by(graph_, value, "Concat");
    if (joined == nullptr || flat::integer(*joined, "axis", 0) != 1) return std::nullopt;
    std::vector<ValueId> each;
    for (const ValueId input : joined->inputs) {
      const flat::Node* one = made_by(graph_, input, "Unsqueeze");
      const auto axes = one == nullptr ? std::nullopt : list_at(graph_, *one, 1, "axes");
      if (!axes || *axes != std::vector<int64_t>{1}) return std::nullopt;
      each.push_back(one->inputs[0]);
    }
    return static_cast<int64_t>(each.size()) == parts ? std::optional(each) : std::nullopt;
  }

  /// The value [N, channels, ...] of which views make this one. Dimensions of 1 may move.
  ValueId whole_before(ValueId value, int64_t channels) const {
    for (int step = 0; step < 6; ++step) {
      const flat::Node* view = made_by(graph_, value, {"Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Identity"});
      if (view == nullptr || (view->op == "Transpose" && !keeps_order(*view))) return flat::no_value;
      value = view->inputs[0];
      const auto& dims = dims_of(value);
      if (dims && (dims->size() == 2 || dims->size() == 4) && (*dims)[1] == Whole{channels, 0}) return value;
    }
    return flat::no_value;
  }

  const std::optional<Dims>& dims_of(ValueId value) const { return graph_.value(value).dims; }

 private:
  /// Whether a Transpose only moves dimensions of 1.
  bool keeps_order(const flat::Node& transpose) const {
    const auto order = flat::list(transpose, "perm");
    const auto& dims = dims_of(transpose.inputs[0]);
    if (!order || !dims || order->size() != dims->size()) return false;
    int64_t last = -1;
    for (const int64_t axis : *order) {
      if (axis < 0 || static_cast<size_t>(axis) >= dims->size()) return false;
      if ((*dims)[static_cast<size_t>(axis)] == Whole{1, 0}) continue;
      if (axis < last) return false;
      last = axis;
    }
    return true;
  }

  const flat::Graph& graph_;
};

/// ReduceSum over the parts of a value, or of its product with another one.
void name_sum(const flat::Graph& graph, flat::Node& node) {
  const auto axes = list_at(graph, node, 1, "axes");
  if (!axes || *axes != std::vector<int64_t>{1} || flat::integer(node, "keepdims", 1) != 0) return;
  const Parts parts(graph);
  const auto& dims = parts.dims_of(node.inputs[0]);
  if (!dims || dims->size() != 5) return;
  auto values = parts.taken_apart(node.inputs[0]);
  std::optional<std::vector<ValueId>> weights;
  const flat::Node* product = values ? nullptr : made_by(graph, node.inputs[0], "Mul");
  if (product != nullptr && product->inputs.size() == 2) {
    values = parts.taken_apart(product->inputs[0]);
    const auto& shares = parts.dims_of(product->inputs[1]);
    const bool same = shares && shares->size() == 5 && (*shares)[1] == (*dims)[1] && (*shares)[2] == (*dims)[2];
    if (same) weights = parts.taken_apart(product->inputs[1]);
    // A softmax that has become a vector.
    if (same && !weights && parts.dims_of(product->inputs[0]) == dims && made_by(graph, product->inputs[1], "PartsSoftmax") != nullptr) {
      weights = std::vector{product->inputs[1]};
    }
    if (!weights) return;
  }
  if (!values) return;
  node.op = "SumOfParts";
  node.attributes.clear();
  node.attributes.emplace("parts", whole_number((*dims)[1].fixed));
  node.attributes.emplace("values", whole_number(static_cast<int64_t>(values->size())));
  node.inputs = *values;
  if (weights) node.inputs.insert(node.inputs.end(), weights->begin(), weights->end());
}

/// Softmax over the parts of a vector, which may have further dimensions of 1.
void name_softmax(flat::Graph& graph, flat::Node& node) {
  const auto& dims = graph.value(node.inputs[0]).dims;
  if (!dims || dims->size() < 3 || flat::integer(node, "axis", graph.opset < 13 ? 1 : -1) != 1 || !(*dims)[1].known()) return;
  int64_t channels = (*dims)[1].fixed;
  for (size_t i = 2; i < dims->size(); ++i) {
    if (!(*dims)[i].known() || (channels *= (*dims)[i].fixed) > (1 << 24)) return;
  }
  const int64_t parts = (*dims)[1].fixed;
  const ValueId whole = Parts(graph).whole_before(node.inputs[0], channels);
  if (parts < 2 || whole == flat::no_value || channels == parts) return;
  node.op = "PartsSoftmax";
  node.inputs = {whole};
  node.attributes.clear();
  node.attributes.emplace("parts", whole_number(parts));
}

}  // namespace

void name_parts(flat::Graph& graph) {
  for (flat::Node& node : graph.nodes) {
    if (node.dead || !node.domain.empty() || node.inputs.empty() || node.outputs.empty() || node.inputs[0] == flat::no_value) continue;
    if (node.op == "Softmax") name_softmax(graph, node);
    if (node.op == "ReduceSum") name_sum(graph, node);
  }
}

}  // namespace resnetc::importer
