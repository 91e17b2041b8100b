/// \file Compares the ends of edges, and offers fixes.
#include "passes/check_skips.h"

#include <fmt/format.h>

#include <vector>

#include "ir/topology_summary.h"
#include "passes/shape_history.h"

namespace resnetc::passes {
namespace {

using topology::Node;
using topology::NodeKind;
using topology::ValueId;

/// The types of the two values that meet at an edge.
struct Ends {
  const TensorType& current;
  const TensorType& carried;
};

/// The dimensions that must agree where nothing is spread and do not, in words. Empty if all agree.
std::string difference(const Node& edge, Ends ends) {
  const TensorType &a = ends.carried, &b = ends.current;
  if (a.rank != b.rank) return "rank";
  std::vector<std::string> parts;
  if (edge.kind != NodeKind::concat && a.channels != b.channels) parts.push_back(a.is_vector() ? "features" : "channels");
  if (a.height != b.height) parts.push_back("height");
  if (a.width != b.width) parts.push_back(a.is_line() ? "length" : "width");
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return out;
}

bool is_vector_over_pixels(Ends ends) { return ends.carried.is_vector() && !ends.current.is_vector(); }

bool would_fit_if_spread(const Node& edge, Ends ends) {
  Node spread;
  spread.kind = edge.kind;
  spread.spread = true;
  return topology::edge_type(spread, ends.current, ends.carried).has_value();
}

/// How to make a value of the type `from` fit, which the edge starts at.
std::string advice(const Node& edge, const TensorType& from, const TensorType& to) {
  const std::string_view word = topology::word(edge.kind);
  const bool concat = edge.kind == NodeKind::concat;
  if (from.rank != to.rank) {
    if (!concat || from.is_vector()) return fmt::format("to fix it, take the {} from a value of the same rank", word);
    return fmt::format("to fix it, make a vector of the {} on the edge: concat from {} via pooled {{ global_avg_pool }}",
                       from.is_line() ? "line" : "picture", edge.from_name);
  }
  if (to.is_vector()) {
    return fmt::format("to fix it, put a layer on the edge: {} from {} via downsample {{ linear({}) }}", word, edge.from_name, to.channels);
  }
  // A 1x1 convolution with the stride s turns the size n into ceil(n / s).
  int64_t sh = (from.height + to.height - 1) / to.height, sw = (from.width + to.width - 1) / to.width;
  bool reachable = from.height >= to.height && from.width >= to.width && (from.height - 1) / sh + 1 == to.height &&
                   (from.width - 1) / sw + 1 == to.width;
  const auto shown = [&](int64_t h, int64_t w) { return h == w || to.is_line() ? fmt::format("{}", w) : fmt::format("[{}, {}]", h, w); };
  const std::string_view pointwise = to.is_line() ? "1" : "1x1";
  if (!reachable && to.height % from.height == 0 && to.width % from.width == 0) {
    return fmt::format("to fix it, make the value on the edge larger: {} from {} via larger {{ {}upsample({}) }}", word, edge.from_name,
                       concat || from.channels == to.channels ? "" : fmt::format("conv({}, {}) ", pointwise, to.channels),
                       shown(to.height / from.height, to.width / from.width));
  }
  if (!reachable) {
    return fmt::format("to fix it, give the layers between strides and pads that keep {}{}, or take the {} from a later value",
                       from.is_line() ? "the length of " : "", as_written(Extent2{from.height, from.width}, from), word);
  }
  const std::string stride = sh == 1 && sw == 1 ? "" : ", stride = " + shown(sh, sw);
  return fmt::format("to fix it, put a convolution on the edge: {} from {} via downsample {{ conv({}, {}{}) batch_norm }}", word,
                     edge.from_name, pointwise, concat ? from.channels : to.channels, stride);
}

std::string advice(const Node& edge, const TensorType& from, Ends ends) {
  if (edge.spread && is_vector_over_pixels(ends)) {
    return fmt::format("to fix it, let the layers on the edge make {0} features: skip spread from {1} via fit {{ linear({0}) }}",
                       ends.current.channels, edge.from_name);
  }
  if (edge.spread || !would_fit_if_spread(edge, ends)) return advice(edge, from, ends.current);
  const std::string spread =
      fmt::format("write '{} spread from {}{}'", topology::word(edge.kind), edge.from_name, edge.children.empty() ? "" : " via ...");
  if (is_vector_over_pixels(ends)) {
    return fmt::format("to fix it, {}, which {} the vector at every pixel", spread, edge.kind == NodeKind::skip ? "adds" : "appends");
  }
  return fmt::format("{}; or {}, which adds its one channel to every channel", advice(edge, from, ends.current), spread);
}

std::string advice_for_gate(Ends ends) {
  if (ends.current.channels == ends.carried.channels) {
    return fmt::format("to fix it, end the gate's list with the same {}, or with rank 2",
                       ends.current.is_line() ? "length" : "height and width");
  }
  return fmt::format("to fix it, let the last {} of the gate's list make {} channels{}", ends.carried.is_vector() ? "linear" : "conv",
                     ends.current.channels, ends.carried.is_vector() ? "" : ", or one");
}

class Check {
 public:
  Check(const topology::Network& network, PassContext& context) : network_(network), history_(network), errors_(*context.diagnostics) {}

  void run(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
      errors_.enter(node);
      run(node.children);
      errors_.leave();
      if (is_edge(node.kind)) edge(node);
    }
  }

 private:
  void edge(const Node& node) {
    const topology::Value& current = network_.value(node.input);
    const topology::Value& carried = network_.value(node.list_result);
    if (!current.type || !carried.type) return;
    const Result<TensorType> joined = topology::edge_type(node, *current.type, *carried.type);
    if (joined) return;
    const Ends ends{*current.type, *carried.type};
    if (node.kind == NodeKind::gate) return gate(node, ends);
    const std::string differ = difference(node, ends);
    const bool fit = node.kind == NodeKind::concat && (node.spread ? is_vector_over_pixels(ends) : differ.empty());
    if (fit) return report(node, joined.failure().text, {true, false, ""});  // the result is too large
    const std::string text = described(node, differ);
    if (differ.empty()) return report(node, text, {});  // there is nothing to spread
    const bool ranks = ends.carried.rank != ends.current.rank;
    const bool extents = ends.carried.height != ends.current.height || ends.carried.width != ends.current.width;
    const bool channels = ranks || (node.kind == NodeKind::skip && ends.carried.channels != ends.current.channels);
    // For an edge with layers on it, the fix is in these layers. Its source has a type, because otherwise the list would have none.
    const std::optional<TensorType>& from = network_.value(node.from).type;
    report(node, text, {channels, extents, from ? advice(node, *from, ends) : ""});
  }

  void gate(const Node& node, Ends ends) {
    const TensorType one_channel = ends.current.with(1, ends.current.height, ends.current.width);
    const std::string spread =
        ends.current.is_vector() ? ""
                                 : fmt::format(", {} or {}", to_string(TensorType::vector(ends.current.channels)), to_string(one_channel));
    const auto shown = [this](ValueId value) {
      return fmt::format("'{}', {}", network_.value(value).name, to_string(*network_.value(value).type));
    };
    const bool channels = ends.current.channels != ends.carried.channels;
    report(node,
           fmt::format("a gate multiplies the current value, {}, by a value of the same shape{}, not by {}", shown(node.input), spread,
                       shown(node.list_result)),
           {channels, !channels, advice_for_gate(ends)});
  }

  /// What is wrong with a skip or concat edge whose ends differ in `differ`.
  std::string described(const Node& node, const std::string& differ) const {
    const topology::Value& current = network_.value(node.input);
    const topology::Value& carried = network_.value(node.list_result);
    const std::string ends = fmt::format("'{}' is {}, and the current value, '{}', is {}", carried.name, to_string(*carried.type),
                                         current.name, to_string(*current.type));
    const std::string_view word = topology::word(node.kind);
    if (!node.spread) return fmt::format("the two ends of this {} edge differ in {}: {}", word, differ, ends);
    if (differ.empty()) return fmt::format("there is nothing to spread on this {} edge: {}; leave 'spread' out", word, ends);
    const std::string_view to = current.type->is_line() ? "line" : "picture";
    if (node.kind == NodeKind::concat) return fmt::format("'concat spread' appends a vector to a {}: {}", to, ends);
    return fmt::format("'skip spread' adds a vector with as many features as channels, or a {0} of one channel, to a {0}: {1}", to, ends);
  }

  /// What an error says beside its text.
  struct Said {
    bool channels = false, extents = false;  ///< whether the histories of these dimensions are told, of both ends
    std::string advice;
  };

  void report(const Node& node, std::string text, const Said& said) {
    Diagnostic* error = errors_.error(node.at, std::move(text));
    if (error == nullptr) return;
    const bool gate = node.kind == NodeKind::gate;
    history_.explain(*error, gate ? node.input : node.list_result, said.channels, said.extents);
    history_.explain(*error, gate ? node.list_result : node.input, said.channels, said.extents);
    errors_.note_block(*error);
    if (!said.advice.empty()) error->note({}, said.advice);
  }

  const topology::Network& network_;
  ShapeHistory history_;
  OncePerPlace errors_;
};

}  // namespace

void check_skips(const topology::Network& network, PassContext& context) { Check(network, context).run(network.body); }

}  // namespace resnetc::passes
