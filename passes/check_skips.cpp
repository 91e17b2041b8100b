#include "passes/check_skips.h"

#include <fmt/format.h>

#include <vector>

namespace resnetc::passes {
namespace {

using topology::Node;
using topology::NodeKind;
using topology::ValueId;

class Check {
 public:
  Check(const topology::Network& network, PassContext& context) : network_(network), context_(context) {
    makers_.resize(network.values.size(), nullptr);
    index(network.body);
  }

  void run(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      run(node.children);
      if (node.kind == NodeKind::skip) skip(node);
      if (node.kind == NodeKind::gate) gate(node);
    }
  }

 private:
  void index(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      index(node.children);
      if (node.kind != NodeKind::block && node.kind != NodeKind::stage) makers_[static_cast<size_t>(node.result)] = &node;
    }
  }

  void skip(const Node& node) {
    const topology::Value& current = network_.value(node.input);
    const topology::Value& carried = network_.value(node.list_result);
    if (!current.type || !carried.type || *current.type == *carried.type) return;
    Diagnostic& error = context_.diagnostics->error(
        node.at, fmt::format("the two ends of this skip edge differ in {}: '{}' is {}, and the current value, '{}', is {}",
                             difference(*carried.type, *current.type), carried.name, to_string(*carried.type), current.name,
                             to_string(*current.type)));
    explain(error, node.list_result, *current.type);
    explain(error, node.input, *carried.type);
    error.note({}, mend(node, *network_.value(node.from).type, *current.type));
  }

  void gate(const Node& node) {
    const topology::Value& current = network_.value(node.input);
    const topology::Value& factor = network_.value(node.list_result);
    if (!current.type || !factor.type) return;
    std::string why;
    const TensorType operands[] = {*current.type, *factor.type};
    if (infer_type(OpKind::mul, {}, operands, why)) return;
    Diagnostic& error = context_.diagnostics->error(
        node.at,
        fmt::format("a gate multiplies the current value, '{}', {}, by a value of the same shape or {}, not by '{}', {}", current.name,
                    to_string(*current.type), to_string(TensorType::vector(current.type->channels)), factor.name, to_string(*factor.type)));
    explain(error, node.list_result, *current.type);
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

  /// Walks back from `value` to the layers that gave it the dimensions in which it differs from `other`.
  void explain(Diagnostic& error, ValueId value, const TensorType& other) {
    const TensorType end = *network_.value(value).type;
    bool channels = end.channels != other.channels || end.rank != other.rank;
    bool extent = end.height != other.height || end.width != other.width;
    for (ValueId v = value; channels || extent;) {
      const topology::Value& made = network_.value(v);
      const Node* maker = makers_[static_cast<size_t>(v)];
      if (maker == nullptr) {
        error.note(made.at, fmt::format("'{}' is {}: so the input is declared", made.name, to_string(*made.type)));
        return;
      }
      const topology::Value& operand = network_.value(maker->input);
      if (maker->kind == NodeKind::layer && operand.type) {
        bool here_channels = channels && (operand.type->channels != made.type->channels || operand.type->rank != made.type->rank);
        bool here_extent = extent && (operand.type->height != made.type->height || operand.type->width != made.type->width);
        if (here_channels || here_extent) {
          error.note(maker->at, fmt::format("'{}' makes {} of {}", made.name, to_string(*made.type), to_string(*operand.type)));
        }
        channels = channels && !here_channels;
        extent = extent && !here_extent;
      }
      v = maker->input;
    }
  }

  static std::string mend(const Node& node, const TensorType& from, const TensorType& to) {
    if (from.rank != to.rank) return "to mend it, take the skip from a value of the same rank";
    if (to.rank == 2) {
      return fmt::format("to mend it, put a layer on the edge: skip from {} via downsample {{ linear({}) }}", node.from_name, to.channels);
    }
    // The stride s of a 1x1 convolution makes ceil(in / s) of in.
    int64_t sh = (from.height + to.height - 1) / to.height, sw = (from.width + to.width - 1) / to.width;
    bool reachable = from.height >= to.height && from.width >= to.width && (from.height - 1) / sh + 1 == to.height &&
                     (from.width - 1) / sw + 1 == to.width;
    if (!reachable) {
      return fmt::format("to mend it, give the layers between strides and pads that keep {}x{}, or take the skip from a later value",
                         from.height, from.width);
    }
    std::string stride = sh == 1 && sw == 1 ? "" : sh == sw ? fmt::format(", stride = {}", sh) : fmt::format(", stride = [{}, {}]", sh, sw);
    return fmt::format("to mend it, put a convolution on the edge: skip from {} via downsample {{ conv(1x1, {}{}) batch_norm }}",
                       node.from_name, to.channels, stride);
  }

  const topology::Network& network_;
  PassContext& context_;
  std::vector<const Node*> makers_;
};

}  // namespace

void check_skips(const topology::Network& network, PassContext& context) { Check(network, context).run(network.body); }

}  // namespace resnetc::passes
