/// \file Norms that exporters spell out: group norms by instance norms of reshaped values, layer norms by means.
#include <algorithm>
#include <cmath>

#include "import/rewrite/means.h"
#include "import/rewrite/rewrite.h"

namespace resnetc::importer {
namespace {

using flat::ValueId;

ValueId constant_value(flat::Graph& graph, TensorPtr tensor) {
  Dims dims;
  for (const int64_t d : tensor->shape) dims.push_back({d, 0});
  graph.values.push_back({"", std::move(dims), std::move(tensor), flat::no_node});
  return static_cast<ValueId>(graph.values.size() - 1);
}

/// What a norm divides by is the square root of the variance and `eps`. It normalises over the group of a channel, or over all channels of
/// a pixel along `axis`.
struct Norm {
  ValueId input = flat::no_value;
  double eps = 0;
  int64_t groups = 0;  ///< of a group norm; 0: a layer norm
  size_t axis = 1;     ///< that has the channels
  int64_t channels = 0;
  std::vector<double> scale, shift;  ///< for each channel
  std::string name;                  ///< of the node that tells best where the model has the norm
  bool subtract_mean = true;
  double factor = 1;  ///< of what the norm gives
};

class Norms {
 public:
  explicit Norms(const flat::Graph& graph) : graph_(graph), uses_(use_counts(graph)), reader_(graph.values.size(), flat::no_node) {
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      for (const ValueId input : graph.nodes[i].inputs) {
        if (input != flat::no_value && !graph.nodes[i].dead) reader_[static_cast<size_t>(input)] = static_cast<flat::NodeId>(i);
      }
    }
  }

  /// The norm whose last node this is, without its weights.
  std::optional<Norm> named(const flat::Node& last) const {
    if (last.dead || !last.domain.empty() || last.inputs.empty() || last.outputs.empty()) return std::nullopt;
    if (last.op == "Reshape") return group_norm(last);
    if (last.op == "Div" || last.op == "Mul") return layer_norm(last);
    if (last.op == "Add") return expanded_layer_norm(last);
    return std::nullopt;
  }

  /// The only reader of a value, if it is a Mul or Add of the value and a constant with a number for each channel: a weight or a bias.
  struct Affine {
    flat::NodeId node;
    ValueId constant;
  };
  std::optional<Affine> affine(ValueId value, std::string_view op, const Norm& norm) const {
    const flat::NodeId reader = reader_[static_cast<size_t>(value)];
    if (uses_[static_cast<size_t>(value)] != 1 || reader == flat::no_node) return std::nullopt;
    const flat::Node& node = graph_.node(reader);
    if (node.op != op || !node.domain.empty() || node.inputs.size() != 2 || node.outputs.empty()) return std::nullopt;
    const size_t other = node.inputs[0] == value ? 1 : 0;
    const TensorPtr constant = graph_.constant(node, other);
    if (!constant || !by_channel(*constant, value, norm)) return std::nullopt;
    return Affine{reader, node.inputs[other]};
  }

 private:
  /// Whether the constant has a number for each channel of the value.
  bool by_channel(const Tensor& constant, ValueId value, const Norm& norm) const {
    const size_t rank = graph_.value(value).dims->size();
    if (constant.elements != Elements::real || static_cast<int64_t>(constant.size()) != norm.channels || constant.shape.size() > rank) {
      return false;
    }
    for (size_t i = 0; i < constant.shape.size(); ++i) {
      if (constant.shape[i] != (i + rank - constant.shape.size() == norm.axis ? norm.channels : 1)) return false;
    }
    return true;
  }

  /// [N, C, H, W] or [N, C, L] -> [N, groups, ...], an InstanceNormalization of the groups, and back.
  std::optional<Norm> group_norm(const flat::Node& last) const {
    const flat::Node* instance = made_by(graph_, last.inputs[0], "InstanceNormalization");
    const flat::Node* first =
        instance == nullptr || instance->inputs.size() != 3 ? nullptr : made_by(graph_, instance->inputs[0], "Reshape");
    if (first == nullptr || uses_[static_cast<size_t>(instance->outputs[0])] != 1) return std::nullopt;
    const auto &from = graph_.value(first->inputs[0]).dims, &middle = graph_.value(first->outputs[0]).dims;
    if (!from || !middle || from != graph_.value(last.outputs[0]).dims || from->size() < 3 || middle->size() < 3) return std::nullopt;
    const Whole channels = (*from)[1], groups = (*middle)[1];
    if ((*middle)[0] != (*from)[0] || !channels.known() || !groups.known() || groups.fixed < 1 || channels.fixed % groups.fixed != 0) {
      return std::nullopt;
    }
    Norm norm{first->inputs[0], flat::real(*instance, "epsilon", static_cast<double>(1e-5F)), groups.fixed, 1, channels.fixed, {}, {},
              instance->name};
    const TensorPtr scale = graph_.constant(*instance, 1), shift = graph_.constant(*instance, 2);
    const auto of_groups = [&](const TensorPtr& t) {
      return t && t->elements == Elements::real && static_cast<int64_t>(t->size()) == groups.fixed;
    };
    if (!of_groups(scale) || !of_groups(shift)) return std::nullopt;
    for (int64_t c = 0; c < channels.fixed; ++c) {
      const size_t group = static_cast<size_t>(c / (channels.fixed / groups.fixed));
      norm.scale.push_back(scale->real(group));
      norm.shift.push_back(shift->real(group));
    }
    return norm;
  }

  /// x of x - mean(x), and the axis.
  std::optional<Mean> centred(ValueId value) const {
    const flat::Node* sub = made_by(graph_, value, "Sub");
    const auto found = sub == nullptr || sub->inputs.size() != 2 ? std::nullopt : mean_along_axis(graph_, sub->inputs[1]);
    return found && found->of == sub->inputs[0] ? found : std::nullopt;
  }

  /// The value and the number that it is multiplied by: 1 unless it is a product or a quotient with a number.
  std::pair<ValueId, double> without_factor(ValueId value) const {
    double factor = 1;
    while (true) {
      const flat::Node* node = made_by(graph_, value, "Mul");
      const bool product = node != nullptr;
      if (!product) node = made_by(graph_, value, "Div");
      const auto number = node == nullptr || node->inputs.size() != 2 ? std::nullopt : number_at(graph_, *node, 1);
      if (!number || !(*number > 0)) return {value, factor};
      factor = product ? factor * *number : factor / *number;
      value = node->inputs[0];
    }
  }

  /// The mean of the squares of x - mean(x), from the sum of the variance and eps. Some models estimate the variance of what the channels
  /// are a sample of: it is larger by n / (n - 1).
  std::optional<Norm> variance(ValueId value) const {
    const flat::Node* sum = made_by(graph_, value, "Add");
    if (sum == nullptr || sum->inputs.size() != 2) return std::nullopt;
    for (const size_t i : {size_t{0}, size_t{1}}) {
      const std::optional<double> eps = number_at(graph_, *sum, i);
      const auto [mean, larger] = without_factor(sum->inputs[1 - i]);
      const auto squares = eps ? mean_along_axis(graph_, mean) : std::nullopt;
      const ValueId difference = squares ? squared(graph_, squares->of) : flat::no_value;
      const auto around = difference == flat::no_value ? std::nullopt : centred(difference);
      if (!around || around->axis != squares->axis) continue;
      Norm norm;
      norm.input = around->of;
      norm.axis = around->axis;
      norm.eps =
          static_cast<double>(static_cast<float>(*eps / larger));  // 1 / sqrt(larger * v + eps) = 1 / sqrt(larger) / sqrt(v + eps / larger)
      norm.factor = 1 / std::sqrt(larger);
      norm.name = sum->name;
      return norm;
    }
    return std::nullopt;
  }

  /// (x - mean(x)) / sqrt(mean((x - mean(x))^2) + eps), along one axis; or x itself in place of the difference.
  std::optional<Norm> layer_norm(const flat::Node& last) const {
    if (last.inputs.size() != 2) return std::nullopt;
    const bool divides = last.op == "Div";
    for (const size_t i : {size_t{0}, size_t{1}}) {
      if (divides && i == 1) break;
      const ValueId sum = under_root(graph_, last.inputs[1 - i], divides);
      auto norm = sum == flat::no_value ? std::nullopt : variance(sum);
      if (!norm) continue;
      const auto around = centred(last.inputs[i]);
      norm->subtract_mean = around && norm->input == around->of && norm->axis == around->axis;
      if (!norm->subtract_mean && norm->input != last.inputs[i]) continue;
      const auto& dims = graph_.value(norm->input).dims;
      if (!dims || dims != graph_.value(last.outputs[0]).dims || !(*dims)[norm->axis].known() || (*dims)[norm->axis].fixed < 1) continue;
      norm->channels = (*dims)[norm->axis].fixed;
      norm->scale.assign(static_cast<size_t>(norm->channels), norm->factor);
      norm->shift.assign(static_cast<size_t>(norm->channels), 0);
      return norm;
    }
    return std::nullopt;
  }

  /// The other factor of a product with this one; no_value if the value is no such product.
  ValueId other_factor(ValueId value, ValueId factor) const {
    const flat::Node* product = made_by(graph_, value, "Mul");
    for (size_t i = 0; product != nullptr && product->inputs.size() == 2 && i < 2; ++i) {
      if (product->inputs[i] == factor) return product->inputs[1 - i];
    }
    return flat::no_value;
  }

  /// The factors of a product, or the terms of a sum, of which the second is a constant with a number for each channel.
  std::optional<std::pair<ValueId, TensorPtr>> with_constant(ValueId value, std::string_view op, const Norm& norm) const {
    const flat::Node* node = made_by(graph_, value, op);
    for (size_t i = 0; node != nullptr && node->inputs.size() == 2 && i < 2; ++i) {
      const TensorPtr constant = graph_.constant(*node, i);
      if (constant && by_channel(*constant, norm.input, norm)) return std::pair(node->inputs[1 - i], constant);
    }
    return std::nullopt;
  }

  /// x * w + (-mean(x) * w + shift) with w = scale / sqrt(mean((x - mean(x))^2) + eps), as Keras computes it.
  std::optional<Norm> expanded_layer_norm(const flat::Node& last) const {
    if (last.inputs.size() != 2) return std::nullopt;
    for (const size_t i : {size_t{0}, size_t{1}}) {
      const flat::Node* product = made_by(graph_, last.inputs[i], "Mul");
      for (size_t k = 0; product != nullptr && product->inputs.size() == 2 && k < 2; ++k) {
        if (auto norm = expanded_layer_norm(product->inputs[k], product->inputs[1 - k], last.inputs[1 - i])) return norm;
      }
    }
    return std::nullopt;
  }

  std::optional<Norm> expanded_layer_norm(ValueId x, ValueId w, ValueId rest) const {
    const flat::Node* scaled = made_by(graph_, w, "Mul");
    for (size_t i = 0; scaled != nullptr && scaled->inputs.size() == 2 && i < 2; ++i) {
      const ValueId sum = under_root(graph_, scaled->inputs[i], false);
      auto norm = sum == flat::no_value ? std::nullopt : variance(sum);
      const std::optional<Dims>& dims = graph_.value(x).dims;
      if (!norm || norm->input != x || norm->factor != 1 || !dims || !(*dims)[norm->axis].known() || (*dims)[norm->axis].fixed < 1)
        continue;
      norm->channels = (*dims)[norm->axis].fixed;
      const auto weight = with_constant(w, "Mul", *norm), bias = with_constant(rest, "Add", *norm);
      const flat::Node* negated = weight && bias ? made_by(graph_, other_factor(bias->first, w), "Neg") : nullptr;
      const auto mean = negated == nullptr ? std::nullopt : mean_along_axis(graph_, negated->inputs[0]);
      if (!mean || mean->of != x || mean->axis != norm->axis) continue;
      for (int64_t c = 0; c < norm->channels; ++c) {
        norm->scale.push_back(weight->second->real(static_cast<size_t>(c)));
        norm->shift.push_back(bias->second->real(static_cast<size_t>(c)));
      }
      return norm;
    }
    return std::nullopt;
  }

  const flat::Graph& graph_;
  std::vector<int> uses_;
  std::vector<flat::NodeId> reader_;  ///< of each value, the last node that reads it
};

/// A constant's elements times a number, under its name.
ValueId times(flat::Graph& graph, ValueId value, double factor) {
  const Tensor& constant = *graph.value(value).constant;
  std::vector<double> values(constant.size());
  for (size_t i = 0; i < values.size(); ++i) values[i] = factor * constant.real(i);
  const ValueId product = constant_value(graph, reals_of(constant.shape, std::move(values)));
  graph.values.back().name = graph.value(value).name;
  return product;
}

}  // namespace

void name_norms(flat::Graph& graph) {
  const Norms norms(graph);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const std::optional<Norm> norm = norms.named(graph.nodes[i]);
    if (!norm) continue;
    // The weight and the bias behind it are the norm's own, unless it has others already.
    size_t last = i;
    ValueId scale = flat::no_value, shift = flat::no_value;
    const bool bare = all_are(norm->shift, 0);
    const auto weight =
        bare && all_are(norm->scale, norm->factor) ? norms.affine(graph.nodes[last].outputs[0], "Mul", *norm) : std::nullopt;
    if (weight) {
      scale = norm->factor == 1 ? weight->constant : times(graph, weight->constant, norm->factor);
      last = static_cast<size_t>(weight->node);
    }
    const auto bias = bare ? norms.affine(graph.nodes[last].outputs[0], "Add", *norm) : std::nullopt;
    if (bias) {
      shift = bias->constant;
      last = static_cast<size_t>(bias->node);
    }
    const std::vector<int64_t> shape{norm->channels};
    flat::Node& node = graph.nodes[last];
    const bool plain = bare && scale == flat::no_value && shift == flat::no_value && all_are(norm->scale, 1);
    node.inputs = {norm->input};
    if (!plain) {
      node.inputs.push_back(scale != flat::no_value ? scale : constant_value(graph, reals_of(shape, norm->scale)));
      node.inputs.push_back(shift != flat::no_value ? shift : constant_value(graph, reals_of(shape, norm->shift)));
    }
    node.op = norm->groups != 0 ? "GroupNorm" : "LayerNorm";
    node.name = norm->name;
    node.attributes.clear();
    node.attributes.emplace("epsilon", real_number(norm->eps));
    node.attributes.emplace("subtract_mean", whole_number(norm->subtract_mean ? 1 : 0));
    node.attributes.emplace("num_groups", whole_number(norm->groups));
    node.attributes.emplace("axis", whole_number(static_cast<int64_t>(norm->axis)));
  }
}

}  // namespace resnetc::importer
