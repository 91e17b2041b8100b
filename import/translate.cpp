/// \file The walk over the graph, and what is said of operators that have no layer.
#include "import/translate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "import/scopes.h"
#include "import/tensorflow_names.h"
#include "ir/forms/text.h"
#include "ir/forms/text_forms.h"

namespace resnetc::importer {
namespace {

using flat::no_value;
using text::shown;

constexpr size_t most_layers = 50'000;  ///< of the language
constexpr const char* attention =
    "it multiplies two values as matrices, as attention does; resnetc multiplies them by constant weights only";
constexpr size_t most_refusals = 20;  ///< that are listed
constexpr size_t chain_ends = 3;      ///< names that a long chain shows at each of its ends

const Translators& translators() {
  static const Translators table = [] {
    Translators all;
    for (const auto list :
         {window_translators, product_translators, norm_translators, elementwise_translators, join_translators, view_translators,
          channel_translators, pixel_translators, quotient_translators, part_translators, rounding_translators}) {
      all.merge(list());
    }
    return all;
  }();
  return table;
}

}  // namespace

double decimal_of(double value) {
  const float narrow = static_cast<float>(value);
  if (static_cast<double>(narrow) != value) return value;
  const std::string shortest = fmt::format("{}", narrow);
  double result = value;
  std::from_chars(shortest.data(), shortest.data() + shortest.size(), result);
  return result;
}

Translation::Translation(flat::Graph graph) : graph_(std::move(graph)) {}

std::optional<LayerId> Translation::operand(const flat::Node& node, size_t input) const {
  if (input >= node.inputs.size() || node.inputs[input] == no_value) return std::nullopt;
  const LayerId made = made_[static_cast<size_t>(node.inputs[input])];
  return made == no_layer ? std::nullopt : std::optional(made);
}

std::optional<Dims> Translation::dims(const flat::Node& node, size_t input) const {
  if (input >= node.inputs.size() || node.inputs[input] == no_value) return std::nullopt;
  return graph_.value(node.inputs[input]).dims;
}

std::optional<Dims> Translation::result_dims(const flat::Node& node) const {
  return node.outputs.empty() || node.outputs[0] == no_value ? std::nullopt : graph_.value(node.outputs[0]).dims;
}

bool Translation::is_view(const TensorType& type, const Dims& dims) const {
  const Whole one{1, 0};
  if (dims.size() < 2 || dims[0] != graph_.batch || dims[1] != Whole{type.channels, 0}) return false;
  if (type.is_vector()) return dims.size() <= 4 && std::all_of(dims.begin() + 2, dims.end(), [&](const Whole& d) { return d == one; });
  if (type.is_line()) return dims.size() == 3 && dims[2] == Whole{type.width, 0};
  if (dims.size() == 3) return type.height == 1 && dims[2] == Whole{type.width, 0};
  return dims.size() == 4 && dims[2] == Whole{type.height, 0} && dims[3] == Whole{type.width, 0};
}

bool Translation::channels_last(const flat::Node& node, size_t input) const {
  return input < node.inputs.size() && node.inputs[input] != no_value && last_[static_cast<size_t>(node.inputs[input])];
}

size_t Translation::channel_axis(const flat::Node& node, size_t input) const {
  const auto all = dims(node, input);
  return channels_last(node, input) && all ? all->size() - 1 : 1;
}

size_t Translation::column_axis(const flat::Node& node, size_t input) const {
  return dims(node, input)->size() - (channels_last(node, input) ? 2 : 1);
}

int Translation::uses(const flat::Node& node, size_t output) const {
  return output < node.outputs.size() && node.outputs[output] != no_value ? uses_[static_cast<size_t>(node.outputs[output])] : 0;
}

int Translation::uses_of_input(const flat::Node& node, size_t input) const { return uses_[static_cast<size_t>(node.inputs[input])]; }

Result<LayerId> Translation::add(const flat::Node& from, OpKind op, const OpAttributes& attributes, std::vector<LayerId> operands,
                                 std::vector<LayerWeight> weights) {
  std::vector<TensorType> types;
  for (const LayerId id : operands) types.push_back(type(id));
  const Result<TensorType> made = infer_type(op, attributes, types);
  if (!made) return Failure{made.failure().text};
  std::string key;
  if (weights.empty() && op != OpKind::spread) {  // an equal layer of the same values is the same value
    key = fmt::format("{} {}", static_cast<int>(op), fmt::join(operands, " "));
    key += text::attributes(attributes);
    if (const auto found = same_.find(key); found != same_.end()) return found->second;
  }
  Layer layer{op, attributes, std::move(operands), std::move(weights), *made, "", scope_of(graph_, from, uses_)};
  if (!from.outputs.empty() && from.outputs[0] != no_value) layer.value = graph_.value(from.outputs[0]).name;
  network_.nodes.push_back(std::move(layer));
  const LayerId id = static_cast<LayerId>(network_.nodes.size() - 1);
  if (!key.empty()) same_.emplace(std::move(key), id);
  return id;
}

bool Translation::read_only_by(const flat::Node& node, std::initializer_list<std::string_view> ops) const {
  const std::vector<flat::NodeId>& readers = readers_[static_cast<size_t>(node.outputs[0])];
  const bool all = std::all_of(readers.begin(), readers.end(), [&](flat::NodeId id) {
    return graph_.node(id).domain.empty() && std::find(ops.begin(), ops.end(), graph_.node(id).op) != ops.end();
  });
  return all && static_cast<int>(readers.size()) == uses(node);
}

void Translation::give(const flat::Node& node, size_t output, LayerId layer) {
  if (output < node.outputs.size() && node.outputs[output] != no_value) made_[static_cast<size_t>(node.outputs[output])] = layer;
}

void Translation::round(const flat::Node& node, LayerId layer, const Quantization& integers) {
  std::optional<Quantization>& rounded = network_.node(layer).rounded;
  const std::string_view value = graph_.value(node.inputs[0]).name;
  if (rounded && *rounded != integers) {
    network_.notes.push_back(fmt::format("'{}' is rounded twice; here it is rounded once", shown(value)));
  } else if (layer == made_[static_cast<size_t>(node.inputs[0])]) {
    const std::vector<flat::NodeId>& readers = readers_[static_cast<size_t>(node.inputs[0])];
    const auto rounds = [&](flat::NodeId id) { return graph_.node(id).op == "FakeQuantize"; };
    if (!std::all_of(readers.begin(), readers.end(), rounds) || static_cast<int>(readers.size()) != uses_of_input(node, 0)) {
      network_.notes.push_back(fmt::format("'{}' is also read before it is rounded; here all read it rounded", shown(value)));
    }
  }
  if (rounded) return;
  rounded = integers;
  network_.node(layer).rounded_as = graph_.value(node.outputs[0]).name;
}

bool Translation::may_be_negative(LayerId id) const {
  // Each layer stands behind its operands, of which one at most decides in most networks; joins are followed to both.
  std::vector<LayerId> open{id};
  std::set<LayerId> seen;
  while (!open.empty()) {
    const LayerId next = open.back();
    open.pop_back();
    const Layer& layer = network_.node(next);
    if (!seen.insert(next).second || (layer.rounded && layer.rounded->zero == 0)) continue;
    const Sign sign = info(layer.op).sign;
    if (sign == Sign::non_negative || (layer.op == OpKind::clip && layer.attributes.low >= 0)) continue;
    const bool joins = layer.op == OpKind::add || layer.op == OpKind::mul || layer.op == OpKind::concat;
    if (sign != Sign::kept && !joins) return true;
    open.insert(open.end(), layer.operands.begin(), layer.operands.end());
  }
  return false;
}

Result<LayerId> Translation::concatenated(const flat::Node& from, LayerId first, LayerId second) {
  if (type(first).is_vector() && !type(second).is_vector()) {
    return Failure{"it appends a picture to a vector at each pixel; resnetc appends a vector to a picture as yet"};
  }
  if (!type(first).is_vector() && type(second).is_vector()) {
    // Each edge spreads for itself, so no two share the operation.
    OpAttributes a;
    a.size = {type(first).height, type(first).width};
    a.line = type(first).is_line();
    const Result<LayerId> picture = add(from, OpKind::spread, a, {second});
    if (!picture) return picture;
    second = *picture;
  }
  return add(from, OpKind::concat, {}, {first, second});
}

Result<LayerId> Translation::as_pixel(const flat::Node& from, LayerId vector) {
  OpAttributes one;
  one.channels = type(vector).channels;
  one.size = {1, 1};
  one.line = has_lines();
  return add(from, OpKind::unflatten, one, {vector});
}

Result<LayerId> Translation::as_vector(const flat::Node& from, LayerId value) {
  if (type(value).is_vector()) return value;
  return add(from, OpKind::global_avg_pool, {}, {value});
}

/// The only dimension of three along which a constant varies that is spread from the right, as numpy does; nothing if there is no such one.
std::optional<size_t> varies_along(const Tensor& constant) {
  if (constant.shape.size() > 3) return std::nullopt;
  std::optional<size_t> found;
  for (size_t i = 0; i < constant.shape.size(); ++i) {
    if (constant.shape[i] == 1) continue;
    if (found) return std::nullopt;
    found = i + 3 - constant.shape.size();
  }
  return found;
}

/// Makes the node read a row of pixels with its channels and pixels in each other's place. The model's dimensions stay the same, so that
/// channels that came first come last.
Result<> Translation::turn(flat::NodeId id, size_t input) {
  const flat::ValueId value = graph_.node(id).inputs[input];
  const auto at = static_cast<size_t>(value);
  const Result<LayerId> turned = add(graph_.node(id), OpKind::transpose, {}, {made_[at]});
  if (!turned) return turned.failure();
  graph_.node(id).inputs[input] = static_cast<flat::ValueId>(graph_.values.size());
  graph_.values.push_back(flat::Value(graph_.values[at]));
  made_.push_back(*turned);
  last_.push_back(!last_[at]);
  uses_.push_back(1);
  readers_.push_back({id});
  return {};
}

/// Models of rows of pixels, [N, C, L], transpose them to mix pixels as they mix channels. Most of these transposes only say which
/// dimension the next product sums over. A layer is needed where the product sums over pixels, where a constant has a number for each
/// pixel, and where values meet that count differently. There the later one is turned: the earlier one goes past the layers between them.
Result<> Translation::turn_rows(flat::NodeId id) {
  const flat::Node& node = graph_.node(id);
  const auto is_row = [&](size_t input) {
    const auto all = operand(node, input) ? dims(node, input) : std::nullopt;
    return all && all->size() == 3 && !type(*operand(node, input)).is_vector();
  };
  if (!node.domain.empty()) return {};
  static constexpr std::string_view joins[] = {"Add", "Sub", "Mul", "Div"};
  const bool join = node.inputs.size() == 2 && std::find(std::begin(joins), std::end(joins), node.op) != std::end(joins);
  for (size_t i = 0; join && i < 2; ++i) {
    const TensorPtr constant = graph_.constant(node, 1 - i);
    if (!constant || !is_row(i)) continue;
    const std::optional<size_t> axis = varies_along(*constant);
    if (axis && *axis > 0 && *axis != channel_axis(node, i)) return turn(id, i);
  }
  if (!is_row(0)) return {};
  const bool norm = node.op == "LayerNormalization" || node.op == "LayerNorm" || node.op == "RmsNorm";
  const auto axis = norm ? flat::axis_of(flat::integer(node, "axis", -1), 3) : std::nullopt;
  if ((node.op == "MatMul" || axis == size_t{2}) && !channels_last(node, 0)) return turn(id, 0);
  if (node.inputs.size() != 2 || !is_row(1) || channels_last(node, 0) == channels_last(node, 1)) return {};
  return turn(id, *operand(node, 0) > *operand(node, 1) ? 0 : 1);
}

void Translation::translate_node(flat::NodeId id) {
  const flat::Node& node = graph_.node(id);
  const bool product = node.op == "MatMul" || node.op == "Gemm" || node.op == "Einsum";
  const auto computed = [&](size_t i) { return i < node.inputs.size() && node.inputs[i] != no_value && !graph_.constant(node, i); };
  if (product && computed(0) && computed(1)) {
    return refuse(id, attention);
  }
  if (reads_only_constants(node)) {
    return refuse(id, "its inputs are all constants, but resnetc cannot compute it while importing; onnxsim may replace it by its value");
  }
  const auto found = node.domain.empty() ? translators().find(node.op) : translators().end();
  if (found == translators().end()) return refuse(id, "resnetc has no layer for it yet");
  // What depends on a refused value is not looked at: its types are unknown.
  for (const flat::ValueId input : node.inputs) {
    const bool missing = input != no_value && made_[static_cast<size_t>(input)] == no_layer && graph_.value(input).constant == nullptr;
    if (missing) return;
  }
  if (const Result<> good = turn_rows(id); !good) return refuse(id, good.failure().text);
  bool last = false, first = false;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (!operand(node, i)) continue;
    (channels_last(node, i) ? last : first) = true;
  }
  const Translator& translator = found->second;
  if (last && (first || translator.channels_last == ChannelsLast::refused)) {
    return refuse(id, first ? "only one of its inputs has its channels last" : "its input has its channels last");
  }
  const Result<LayerId> made = translator.layer(*this, node);
  if (!made) return refuse(id, made.failure().text);
  if (node.outputs.empty() || node.outputs[0] == no_value) return;
  if (*made != no_layer) made_[static_cast<size_t>(node.outputs[0])] = *made;
  if (!last || translator.channels_last == ChannelsLast::told) return;
  for (const flat::ValueId output : node.outputs) {  // a mean without its axes is a vector like any other
    const auto dims = output == no_value ? std::nullopt : graph_.value(output).dims;
    if (dims && dims->size() >= 3) last_[static_cast<size_t>(output)] = true;
  }
}

/// Whether the node has inputs, and all of them are constants.
bool Translation::reads_only_constants(const flat::Node& node) const {
  return !node.inputs.empty() && std::all_of(node.inputs.begin(), node.inputs.end(), [&](flat::ValueId input) {
    return input == no_value || graph_.value(input).constant != nullptr;
  });
}

std::string Translation::chain(flat::NodeId id) const {
  // Back along the first input that depends on the picture. Each step goes to an earlier node.
  std::vector<std::string> names;
  flat::NodeId at = id;
  while (at != flat::no_node) {
    const flat::Node& node = graph_.node(at);
    if (at != id) names.push_back(shown(node.name.empty() ? graph_.value(node.outputs[0]).name : node.name));
    flat::NodeId next = flat::no_node;
    for (const flat::ValueId input : node.inputs) {
      if (input == no_value || graph_.value(input).constant != nullptr) continue;
      next = graph_.value(input).producer;
      break;
    }
    if (next >= at) break;
    at = next;
  }
  names.push_back(shown(network_.input_name));
  std::reverse(names.begin(), names.end());
  if (names.size() > 2 * chain_ends + 1) {
    const size_t left_out = names.size() - 2 * chain_ends;
    names.erase(names.begin() + chain_ends, names.end() - chain_ends);
    names.insert(names.begin() + chain_ends, fmt::format("({} more)", left_out));
  }
  return fmt::format("{}", fmt::join(names, " -> "));
}

Failure Translation::refused() const {
  // Operators with the same reason are told once, with the first of them.
  std::vector<std::pair<const Refusal*, size_t>> groups;
  size_t others = 0;
  // What no layer can change comes first.
  std::vector<const Refusal*> refusals;
  for (const bool first : {true, false}) {
    for (const Refusal& refusal : refusals_) {
      if ((refusal.reason == attention) == first) refusals.push_back(&refusal);
    }
  }
  for (const Refusal* one : refusals) {
    const Refusal& refusal = *one;
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
      return group.first->reason == refusal.reason && graph_.node(group.first->node).op == graph_.node(refusal.node).op &&
             graph_.node(group.first->node).domain == graph_.node(refusal.node).domain;
    });
    if (same != groups.end()) {
      ++same->second;
    } else if (groups.size() < most_refusals) {
      groups.emplace_back(&refusal, 1);
    } else {
      ++others;
    }
  }
  std::string text;
  for (const auto& [refusal, count] : groups) {
    const flat::Node& node = graph_.node(refusal->node);
    text += fmt::format("{}{}: {}{}", text.empty() ? "" : "\n", described(graph_, node), refusal->reason,
                        count == 1 ? std::string() : fmt::format(" ({} more like it)", count - 1));
    if (!reads_only_constants(node)) text += "\n  it is reached by " + chain(refusal->node);
  }
  if (others != 0) text += fmt::format("\nand {} more", others);
  text += "\n--up-to NAME imports what lies before a value";
  if (const std::string name = last_before(refusals_.front().node); !name.empty()) {
    text += fmt::format("; '{}' is the last before the first of these", name);
  }
  return Failure{std::move(text), Blame::limit};
}

/// The nearest value before a node that --up-to can make the output, by a name that can be typed. Empty if there is none.
std::string Translation::last_before(flat::NodeId id) const {
  constexpr size_t longest = 500;
  std::vector<flat::NodeId> open{id};
  std::vector<bool> seen(graph_.nodes.size());
  while (!open.empty()) {
    // The latest node first, so that what lies behind it is not overlooked.
    const auto latest = std::max_element(open.begin(), open.end());
    const flat::Node& node = graph_.node(*latest);
    open.erase(latest);
    for (const flat::ValueId input : node.inputs) {
      if (input == no_value || graph_.value(input).constant != nullptr) continue;
      const flat::Value& value = graph_.value(input);
      const bool plain = std::all_of(value.name.begin(), value.name.end(), [](unsigned char c) { return c > ' ' && c < 127 && c != '\''; });
      if (made_[static_cast<size_t>(input)] > 0 && output_fault(input).empty() && plain && value.name.size() <= longest) return value.name;
      if (value.producer == flat::no_node || seen[static_cast<size_t>(value.producer)]) continue;
      seen[static_cast<size_t>(value.producer)] = true;
      open.push_back(value.producer);
    }
  }
  return {};
}

std::string Translation::output_fault(flat::ValueId value) const {
  const LayerId made = made_[static_cast<size_t>(value)];
  if (made == 0) return "is the input";
  // A model that takes pictures in this order may give them so.
  if (last_[static_cast<size_t>(value)] && !graph_.channels_last) return "has its channels last; resnetc has planes";
  const auto& dims = graph_.value(value).dims;
  if (type(made).is_vector() && dims && dims->size() >= 3 && !is_view(type(made), *dims)) return "has a vector at every pixel";
  return {};
}

Result<> Translation::outputs() {
  for (const auto& [name, value] : graph_.outputs) {
    const LayerId made = made_[static_cast<size_t>(value)];
    if (graph_.value(value).constant) return Failure{fmt::format("the output '{}' does not depend on the input", shown(name))};
    if (made == no_layer) return Failure{fmt::format("the output '{}' was not translated", shown(name)), Blame::bug};
    if (const std::string fault = output_fault(value); !fault.empty()) {
      return Failure{fmt::format("the output '{}' {}", shown(name), fault), Blame::limit};
    }
    network_.outputs.push_back({name, made});
  }
  return {};
}

void Translation::remove_unused_layers() {
  std::vector<bool> used(network_.nodes.size());
  used[0] = true;
  for (const Network::Output& output : network_.outputs) used[static_cast<size_t>(output.value)] = true;
  for (size_t i = network_.nodes.size(); i-- > 0;) {
    if (!used[i]) continue;
    for (const LayerId operand : network_.nodes[i].operands) used[static_cast<size_t>(operand)] = true;
  }
  std::vector<LayerId> now(network_.nodes.size(), no_layer);
  std::vector<Layer> kept;
  for (size_t i = 0; i < network_.nodes.size(); ++i) {
    if (!used[i]) continue;
    now[i] = static_cast<LayerId>(kept.size());
    kept.push_back(std::move(network_.nodes[i]));
    for (LayerId& operand : kept.back().operands) operand = now[static_cast<size_t>(operand)];
  }
  network_.nodes = std::move(kept);
  for (Network::Output& output : network_.outputs) output.value = now[static_cast<size_t>(output.value)];
}

Result<Network> Translation::run() {
  uses_ = use_counts(graph_);
  last_.resize(graph_.values.size());
  readers_.resize(graph_.values.size());
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    for (const flat::ValueId input : graph_.nodes[i].inputs) {
      if (input != no_value && !graph_.nodes[i].dead) readers_[static_cast<size_t>(input)].push_back(static_cast<flat::NodeId>(i));
    }
  }
  made_.assign(graph_.values.size(), no_layer);
  const Dims& dims = *graph_.value(graph_.input).dims;
  network_.input_name = graph_.input_name;
  const size_t channels = graph_.channels_last ? dims.size() - 1 : 1, pixels = graph_.channels_last ? 1 : 2;
  network_.input.type = dims.size() == 4   ? TensorType::picture(dims[channels].fixed, dims[pixels].fixed, dims[pixels + 1].fixed)
                        : dims.size() == 3 ? TensorType::line(dims[channels].fixed, dims[pixels].fixed)
                                           : TensorType::vector(dims[1].fixed);
  last_[static_cast<size_t>(graph_.input)] = graph_.channels_last;
  if (!fits(network_.input.type)) {
    return Failure{fmt::format("the input '{}' is too large: {}; at most {} elements are possible", shown(graph_.input_name),
                               to_string(network_.input.type), max_elements),
                   Blame::limit};
  }
  network_.nodes.push_back({OpKind::input, {}, {}, {}, network_.input.type, graph_.input_name, ""});
  made_[static_cast<size_t>(graph_.input)] = 0;
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (!graph_.nodes[i].dead) translate_node(static_cast<flat::NodeId>(i));
  }
  if (!refusals_.empty()) return refused();
  if (const Result<> good = outputs(); !good) return good.failure();
  remove_unused_layers();
  if (graph_.from_tensorflow) shorten_tensorflow_scopes(network_);
  if (network_.nodes.size() > most_layers) {
    return Failure{fmt::format("it has {} layers; a text has at most {}", network_.nodes.size(), most_layers), Blame::limit};
  }
  return std::move(network_);
}

Result<Network> translate(flat::Graph graph) { return Translation(std::move(graph)).run(); }

}  // namespace resnetc::importer
