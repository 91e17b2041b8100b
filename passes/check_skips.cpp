/// \file Compares the ends of edges, and offers fixes.
#include "passes/check_skips.h"

#include <fmt/format.h>

#include <vector>

#include "passes/shape_history.h"

namespace resnetc::passes {
namespace {

using topology::Node;
using topology::NodeKind;
using topology::ValueId;

class Check {
 public:
  Check(const topology::Network& network, PassContext& context) : network_(network), history_(network), errors_(*context.diagnostics) {}

  void run(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      errors_.enter(node);
      run(node.children);
      errors_.leave();
      if (node.kind == NodeKind::skip) skip(node);
      if (node.kind == NodeKind::gate) gate(node);
    }
  }

 private:
  void skip(const Node& node) {
    const topology::Value& current = network_.value(node.input);
    const topology::Value& carried = network_.value(node.list_result);
    if (!current.type || !carried.type || *current.type == *carried.type) return;
    Diagnostic* error =
        errors_.error(node.at, fmt::format("the two ends of this skip edge differ in {}: '{}' is {}, and the current value, '{}', is {}",
                                           difference(*carried.type, *current.type), carried.name, to_string(*carried.type), current.name,
                                           to_string(*current.type)));
    if (error == nullptr) return;
    explain(*error, node.list_result, *current.type);
    explain(*error, node.input, *carried.type);
    errors_.note_block(*error);
    // For an edge with layers on it, the fix is in these layers. Its source has a type, because otherwise the list would have none.
    const std::optional<TensorType>& from = network_.value(node.from).type;
    if (from) error->note({}, advice(node, *from, *current.type));
  }

  void gate(const Node& node) {
    const topology::Value& current = network_.value(node.input);
    const topology::Value& factor = network_.value(node.list_result);
    if (!current.type || !factor.type) return;
    const TensorType operands[] = {*current.type, *factor.type};
    if (infer_type(OpKind::mul, {}, operands)) return;
    Diagnostic* error = errors_.error(
        node.at,
        fmt::format("a gate multiplies the current value, '{}', {}, by a value of the same shape or {}, not by '{}', {}", current.name,
                    to_string(*current.type), to_string(TensorType::vector(current.type->channels)), factor.name, to_string(*factor.type)));
    if (error == nullptr) return;
    bool channels = current.type->channels != factor.type->channels;
    history_.explain(*error, node.input, channels, !channels);
    history_.explain(*error, node.list_result, channels, !channels);
    errors_.note_block(*error);
    error->note({}, advice_for_gate(*current.type, *factor.type));
  }

  static std::string advice_for_gate(const TensorType& current, const TensorType& factor) {
    if (current.channels == factor.channels) return "to fix it, end the gate's list with the same height and width, or with rank 2";
    return fmt::format("to fix it, let the last {} of the gate's list make {} channels", factor.rank == 2 ? "linear" : "conv",
                       current.channels);
  }

  /// Explains only the dimensions in which `value` differs from `other`.
  void explain(Diagnostic& error, ValueId value, const TensorType& other) const {
    const TensorType& end = *network_.value(value).type;
    history_.explain(error, value, end.channels != other.channels || end.rank != other.rank,
                     end.height != other.height || end.width != other.width);
  }

  static std::string difference(const TensorType& a, const TensorType& b) {
    if (a.rank != b.rank) return "rank";
    std::vector<std::string> parts;
    if (a.channels != b.channels) parts.push_back(a.rank == 2 ? "features" : "channels");
    if (a.height != b.height) parts.push_back("height");
    if (a.width != b.width) parts.push_back("width");
    std::string out = parts[0];
    for (size_t i = 1; i < parts.size(); ++i) out += (i + 1 == parts.size() ? " and " : ", ") + parts[i];
    return out;
  }

  static std::string advice(const Node& node, const TensorType& from, const TensorType& to) {
    if (from.rank != to.rank) return "to fix it, take the skip from a value of the same rank";
    if (to.rank == 2) {
      return fmt::format("to fix it, put a layer on the edge: skip from {} via downsample {{ linear({}) }}", node.from_name, to.channels);
    }
    // A 1x1 convolution with the stride s turns the size n into ceil(n / s).
    int64_t sh = (from.height + to.height - 1) / to.height, sw = (from.width + to.width - 1) / to.width;
    bool reachable = from.height >= to.height && from.width >= to.width && (from.height - 1) / sh + 1 == to.height &&
                     (from.width - 1) / sw + 1 == to.width;
    if (!reachable) {
      return fmt::format("to fix it, give the layers between strides and pads that keep {}x{}, or take the skip from a later value",
                         from.height, from.width);
    }
    std::string stride = sh == 1 && sw == 1 ? "" : sh == sw ? fmt::format(", stride = {}", sh) : fmt::format(", stride = [{}, {}]", sh, sw);
    return fmt::format("to fix it, put a convolution on the edge: skip from {} via downsample {{ conv(1x1, {}{}) batch_norm }}",
                       node.from_name, to.channels, stride);
  }

  const topology::Network& network_;
  ShapeHistory history_;
  OncePerPlace errors_;
};

}  // namespace

void check_skips(const topology::Network& network, PassContext& context) { Check(network, context).run(network.body); }

}  // namespace resnetc::passes
