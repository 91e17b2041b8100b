/// \file Integers between operators, as the numbers that they mean.
#include <algorithm>
#include <set>

#include "import/quantized_operators.h"
#include "import/rewrite/rewrite.h"

namespace resnetc::importer {
namespace {

using flat::no_value;
using flat::ValueId;

/// What integers mean. The zero is that of integers without a sign.
struct Meaning {
  double scale = 0;
  int64_t zero = 0;
  bool operator==(const Meaning&) const = default;
};

/// Operators that choose and move elements, in the same way for numbers and for integers.
bool only_moves(const flat::Graph& graph, const flat::Node& node) {
  static const std::set<std::string_view> ops{"MaxPool", "Reshape", "Flatten", "Transpose",    "Squeeze",     "Unsqueeze",
                                              "Slice",   "Split",   "Concat",  "DepthToSpace", "SpaceToDepth"};
  if (node.op == "Resize") return flat::text(node, "mode", "nearest") == "nearest";
  return node.domain.empty() && ops.contains(node.op) && (node.op != "Reshape" || graph.constant(node, 0) == nullptr);
}

class Roundings {
 public:
  explicit Roundings(flat::Graph& graph) : graph_(graph), integers_(graph.values.size()), instead_(graph.values.size(), no_value) {}

  void run() {
    for (flat::Node& node : graph_.nodes) {
      if (!node.dead) visit(node);
    }
    replace();
    grids_.resize(graph_.values.size());
    for (flat::Node& node : graph_.nodes) {
      if (!node.dead) leave_out(node);
    }
    replace();
  }

 private:
  void visit(flat::Node& node) {
    const bool own = node.domain.empty() || node.domain == "com.microsoft";
    if (own && node.op == "QuantizeLinear") return round(node);
    if (own && node.op == "DequantizeLinear") return read(node);
    const std::optional<Meaning> all = common(node, integers_);
    const bool any = std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId v) { return of(v, integers_).has_value(); });
    if (!any) return;
    if (all && only_moves(graph_, node)) {
      for (const ValueId output : node.outputs) set(output, integers_, all);
    } else {
      node.domain = "integers";  // what it makes of numbers is something else
    }
  }

  /// The meaning that all inputs share which are no constants.
  std::optional<Meaning> common(const flat::Node& node, const std::vector<std::optional<Meaning>>& meanings) const {
    std::optional<Meaning> first;
    for (const ValueId input : node.inputs) {
      if (input == no_value || graph_.value(input).constant != nullptr) continue;
      const std::optional<Meaning> one = of(input, meanings);
      if (!one || (first && one != first)) return std::nullopt;
      first = one;
    }
    return first;
  }

  static std::optional<Meaning> of(ValueId value, const std::vector<std::optional<Meaning>>& meanings) {
    return value == no_value ? std::nullopt : meanings[static_cast<size_t>(value)];
  }
  static void set(ValueId value, std::vector<std::optional<Meaning>>& meanings, const std::optional<Meaning>& meaning) {
    if (value != no_value) meanings[static_cast<size_t>(value)] = meaning;
  }

  /// What the scale and zero of a node say; nothing if they are not those of a whole tensor of bytes.
  std::optional<Meaning> meaning_at(const flat::Node& node) const {
    const std::optional<double> scale = number_at(graph_, node, 1);
    if (!scale || graph_.constant(node, 1)->size() != 1) return std::nullopt;
    const TensorPtr zero = graph_.constant(node, 2);
    if (node.inputs.size() > 2 && node.inputs[2] != no_value && !zero) return std::nullopt;
    const std::optional<Tensor::Bytes> bytes = bytes_of(node, zero.get());
    if (!bytes || (zero && zero->size() != 1)) return std::nullopt;
    const bool has_sign = bytes == Tensor::Bytes::with_sign;
    constexpr int64_t least = 128;
    Meaning meaning{*scale, (zero ? static_cast<int64_t>(zero->real(0)) : 0) + (has_sign ? least : 0)};
    const auto narrow = static_cast<double>(static_cast<float>(meaning.scale));
    const bool good = narrow > 0 && narrow < 1e30 && meaning.zero >= 0 && meaning.zero <= 255;
    return good ? std::optional(meaning) : std::nullopt;
  }

  void round(flat::Node& node) {
    if (node.inputs.empty() || node.outputs.empty() || node.inputs[0] == no_value) return;
    const std::optional<Meaning> meaning = meaning_at(node);
    if (!meaning) return;
    set(node.outputs[0], integers_, meaning);
    node.op = "FakeQuantize";
    node.domain.clear();
    node.inputs.resize(1);
    node.outputs.resize(1);
    node.attributes = {{"scale", real_number(meaning->scale)}, {"zero", whole_number(meaning->zero)}};
  }

  /// A DequantizeLinear that gives integers the meaning that they were made with.
  void read(flat::Node& node) {
    if (node.inputs.empty() || node.outputs.empty() || node.outputs[0] == no_value) return;
    const std::optional<Meaning> made = of(node.inputs[0], integers_);
    std::optional<Meaning> read = meaning_at(node);
    // Without a zero, it takes the type of what it reads.
    if (made && read && graph_.constant(node, 2) == nullptr && !flat::has(node, "output_dtype")) read->zero = made->zero;
    if (made && read == made) instead_of(node);
  }

  /// A rounding of what has such numbers already changes nothing.
  void leave_out(flat::Node& node) {
    if (node.op == "FakeQuantize" && node.domain.empty()) {
      const Meaning meaning{flat::real(node, "scale", 1), flat::integer(node, "zero", 0)};
      if (of(node.inputs[0], grids_) == meaning) {
        instead_of(node);
      } else {
        set(node.outputs[0], grids_, meaning);
      }
      return;
    }
    if (!only_moves(graph_, node)) return;
    const std::optional<Meaning> all = common(node, grids_);
    for (const ValueId output : node.outputs) set(output, grids_, all);
  }

  /// Lets the input stand for the output.
  void instead_of(flat::Node& node) {
    node.dead = true;
    const ValueId input = node.inputs[0], before = instead_[static_cast<size_t>(input)];
    instead_[static_cast<size_t>(node.outputs[0])] = before == no_value ? input : before;
    if (grids_.size() == graph_.values.size()) set(node.outputs[0], grids_, of(input, grids_));
  }

  void replace() {
    const auto now = [&](ValueId& value) {
      if (value != no_value && instead_[static_cast<size_t>(value)] != no_value) value = instead_[static_cast<size_t>(value)];
    };
    for (flat::Node& node : graph_.nodes) {
      if (!node.dead) std::for_each(node.inputs.begin(), node.inputs.end(), now);
    }
    for (auto& [name, value] : graph_.outputs) now(value);
    std::fill(instead_.begin(), instead_.end(), no_value);
  }

  flat::Graph& graph_;
  std::vector<std::optional<Meaning>> integers_;  ///< of each value that has integers
  std::vector<std::optional<Meaning>> grids_;     ///< of each value whose numbers are those of such integers
  std::vector<ValueId> instead_;                  ///< what stands for each value; no_value: itself
};

}  // namespace

void name_roundings(flat::Graph& graph) { Roundings(graph).run(); }

}  // namespace resnetc::importer
