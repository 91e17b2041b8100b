/// \file One line for each operator: what it stands for, and where its inputs are.
#include "import/quantized_operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

namespace resnetc::importer {
namespace {

constexpr std::string_view contributed = "com.microsoft";

class Spelling {
 public:
  Spelling(const Node& node, const std::function<std::string(std::string)>& unused) : node_(node), unused_(unused) {}

  bool has(size_t input) const { return input < node_.inputs.size() && !node_.inputs[input].empty(); }
  std::string at(size_t input) const { return input < node_.inputs.size() ? node_.inputs[input] : std::string(); }

  /// The numbers of the integers at `input`, whose scale and zero follow.
  std::string numbers(size_t input, int64_t axis = 0) { return numbers(at(input), at(input + 1), at(input + 2), axis); }
  std::string numbers(const std::string& integers, const std::string& scale, const std::string& zero, int64_t axis) {
    Node& made = add("DequantizeLinear", {integers, scale}, "numbers");
    if (!zero.empty()) made.inputs.push_back(zero);
    made.attributes.emplace("axis", whole_number(axis));
    return made.outputs[0];
  }
  /// The numbers of a bias, which counts products of what the two scales count.
  std::string bias(size_t input, size_t scale, size_t other) {
    const std::string both = add("Mul", {at(scale), at(other)}, "scale").outputs[0];
    return numbers(at(input), both, "", 0);
  }
  /// The float operator, with the attributes of the node.
  std::string compute(std::string op, std::vector<std::string> inputs) {
    Node& made = add(std::move(op), std::move(inputs), "result");
    made.name = node_.name;
    made.attributes = node_.attributes;
    return made.outputs[0];
  }
  /// The node's own output: integers of the scale and zero from `scale` on, or if there are none, the numbers.
  std::vector<Node> finish(const std::string& result, size_t scale) {
    if (has(scale)) {
      Node& made = add("QuantizeLinear", {result, at(scale)}, "");
      if (has(scale + 1)) made.inputs.push_back(at(scale + 1));
      made.outputs = node_.outputs;
    } else {
      nodes_.back().outputs = node_.outputs;
    }
    return std::move(nodes_);
  }

 private:
  Node& add(std::string op, std::vector<std::string> inputs, std::string_view part) {
    Node& made = nodes_.emplace_back();
    made.op = std::move(op);
    made.scope = node_.scope;
    made.inputs = std::move(inputs);
    if (!part.empty()) made.outputs.push_back(unused_(fmt::format("{}/{}{}", node_.outputs[0], part, nodes_.size())));
    return made;
  }

  const Node& node_;
  const std::function<std::string(std::string)>& unused_;
  std::vector<Node> nodes_;
};

bool is_set(const Node& node, std::string_view attribute) {
  const auto found = node.attributes.find(attribute);
  return found != node.attributes.end() && found->second.integer != 0;
}

std::vector<Node> convolution(Spelling s) {
  std::vector<std::string> inputs{s.numbers(0), s.numbers(3)};
  if (s.has(8)) inputs.push_back(s.bias(8, 1, 4));
  const std::string result = s.compute("Conv", std::move(inputs));
  return s.finish(result, 6);
}

std::vector<Node> matrix_product(Spelling s) {
  const std::string a = s.numbers(0), b = s.numbers(3, 1);
  return s.finish(s.compute("MatMul", {a, b}), 6);
}

std::vector<Node> gemm(Spelling s, bool transposed) {
  std::vector<std::string> inputs{s.numbers(0), s.numbers(3, transposed ? 0 : 1)};
  if (s.has(6)) inputs.push_back(s.bias(6, 1, 4));
  const std::string result = s.compute("Gemm", std::move(inputs));
  return s.finish(result, 7);
}

std::vector<Node> concatenation(Spelling s, size_t inputs) {
  std::vector<std::string> all;
  for (size_t i = 2; i + 2 < inputs; i += 3) all.push_back(s.numbers(i));
  return s.finish(s.compute("Concat", std::move(all)), 0);
}

/// Operators of one value and of two.
const std::map<std::string_view, std::string_view> of_one{{"QLinearSigmoid", "Sigmoid"},
                                                          {"QLinearLeakyRelu", "LeakyRelu"},
                                                          {"QLinearSoftmax", "Softmax"},
                                                          {"QLinearAveragePool", "AveragePool"},
                                                          {"QLinearGlobalAveragePool", "GlobalAveragePool"},
                                                          {"QLinearReduceMean", "ReduceMean"}};
const std::map<std::string_view, std::string_view> of_two{{"QLinearAdd", "Add"}, {"QLinearMul", "Mul"}};

}  // namespace

std::vector<Node> without_integers(const Node& node, const std::function<std::string(std::string)>& unused) {
  if (node.outputs.size() != 1 || node.outputs[0].empty() || node.inputs.empty()) return {};
  const Spelling s(node, unused);
  if (node.domain.empty()) {
    if (node.op == "QLinearConv") return convolution(s);
    if (node.op == "QLinearMatMul") return matrix_product(s);
    return {};
  }
  if (node.domain != contributed || is_set(node, "channels_last")) return {};
  if (node.op == "QLinearConv") return convolution(s);
  if (node.op == "QLinearConcat") return concatenation(s, node.inputs.size());
  if (node.op == "QGemm") {
    // Its bias has its factor in it already.
    const auto alpha = node.attributes.find("alpha");
    return alpha == node.attributes.end() || alpha->second.real == 1 ? gemm(s, is_set(node, "transB")) : std::vector<Node>{};
  }
  if (const auto one = of_one.find(node.op); one != of_one.end()) {
    Spelling spelled = s;
    const std::string result = spelled.compute(std::string(one->second), {spelled.numbers(0)});
    return spelled.finish(result, 3);
  }
  if (const auto two = of_two.find(node.op); two != of_two.end()) {
    Spelling spelled = s;
    const std::string a = spelled.numbers(0), b = spelled.numbers(3);
    return spelled.finish(spelled.compute(std::string(two->second), {a, b}), 6);
  }
  return {};
}

namespace {

/// The places along an axis that have a scale and a zero of their own, and which of them an element has.
struct ScalePlaces {
  size_t count = 1, inner = 1;

  size_t of(size_t element) const { return element / inner % count; }
};

/// Nothing if the shapes do not fit.
std::optional<ScalePlaces> places_of(const Tensor& x, const Tensor& scale, const Tensor* zero, size_t axis) {
  if (scale.elements != Elements::real || x.size() == 0 || scale.size() == 0) return std::nullopt;
  ScalePlaces places;
  if (scale.size() > 1) {
    places.count = scale.size();
    if (axis >= x.shape.size() || x.shape[axis] != static_cast<int64_t>(places.count)) return std::nullopt;
    for (size_t i = axis + 1; i < x.shape.size(); ++i) places.inner *= static_cast<size_t>(x.shape[i]);
  }
  if (zero != nullptr && zero->size() != 1 && zero->size() != places.count) return std::nullopt;
  return places;
}

double zero_at(const Tensor* zero, size_t place) { return zero == nullptr ? 0 : zero->real(zero->size() == 1 ? 0 : place); }

}  // namespace

std::optional<Tensor::Bytes> bytes_of(const flat::Node& node, const Tensor* zero) {
  if (flat::integer(node, "block_size", 0) != 0) return std::nullopt;
  if (zero != nullptr) return zero->bytes;
  constexpr int64_t unsigned_bytes = 2, signed_bytes = 3;  // as ONNX numbers types
  const int64_t type = flat::integer(node, "output_dtype", unsigned_bytes);
  if (type == signed_bytes) return Tensor::Bytes::with_sign;
  return type == unsigned_bytes ? std::optional(Tensor::Bytes::without_sign) : std::nullopt;
}

TensorPtr quantized(const Tensor& x, const Tensor& scale, const Tensor* zero, Tensor::Bytes bytes, size_t axis) {
  const std::optional<ScalePlaces> places = places_of(x, scale, zero, axis);
  if (!places || x.elements != Elements::real) return nullptr;
  const double least = bytes == Tensor::Bytes::with_sign ? -128 : 0;
  Tensor result;
  result.shape = x.shape;
  result.bytes = bytes;
  result.floats.resize(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t place = places->of(i);
    const auto quotient = static_cast<float>(x.real(i)) / static_cast<float>(scale.real(place));
    const double integer = std::nearbyint(static_cast<double>(quotient)) + zero_at(zero, place);
    result.floats[i] = static_cast<float>(std::isnan(integer) ? zero_at(zero, place) : std::clamp(integer, least, least + 255));
  }
  return std::make_shared<const Tensor>(std::move(result));
}

TensorPtr dequantized(const Tensor& x, const Tensor& scale, const Tensor* zero, size_t axis) {
  const std::optional<ScalePlaces> places = places_of(x, scale, zero, axis);
  if (!places) return nullptr;
  Tensor result;
  result.shape = x.shape;
  result.floats.resize(x.size());
  bool narrow = x.bytes.has_value();
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t place = places->of(i);
    const double integer = x.real(i) - zero_at(zero, place);
    narrow = narrow && integer >= -128 && integer <= 127;
    result.floats[i] = static_cast<float>(integer * scale.real(place));
  }
  if (x.bytes) {
    Tensor::Steps& steps = result.steps.emplace();
    steps.axis = axis;
    for (size_t i = 0; narrow && i < places->count; ++i) steps.values.push_back(scale.real(i));
  }
  return std::make_shared<const Tensor>(std::move(result));
}

}  // namespace resnetc::importer
