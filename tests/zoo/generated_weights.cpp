#include "tests/zoo/generated_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/interpreter.h"

namespace resnetc::zoo {
namespace {

using Shape = std::vector<int64_t>;

/// What an operator takes one of its inputs for. generated.py has the same table.
struct Role {
  std::string_view op;
  int input = 0;
  std::string_view role;
  bool product = false;  ///< a weight of sums of products, with its rows outermost; else a number for each channel
};
constexpr Role roles[] = {
    {"Conv", 1, "weight", true},
    {"Conv", 2, "bias"},
    {"Gemm", 1, "weight", true},
    {"Gemm", 2, "bias"},
    {"MatMul", 1, "weight", true},
    {"BatchNormalization", 1, "weight"},
    {"BatchNormalization", 2, "bias"},
    {"BatchNormalization", 3, "running_mean"},
    {"BatchNormalization", 4, "running_var"},
    {"LayerNormalization", 1, "weight"},
    {"LayerNormalization", 2, "bias"},
    {"PRelu", 1, "weight"},
    {"Mul", 0, "weight"},
    {"Mul", 1, "weight"},
    {"Add", 0, "bias"},
    {"Add", 1, "bias"},
};

/// The shape that the generator is given; nothing if it has no rule for it.
std::optional<Shape> shape_for(const Role& role, Shape dims) {
  if (role.product) return dims.size() == 2 || dims.size() == 4 ? std::optional(dims) : std::nullopt;
  std::erase(dims, 1);
  return dims.size() == 1 ? std::optional(dims) : std::nullopt;
}

/// The generator's values for the initializer as the first node with a rule for it reads it; nothing if there is none.
std::optional<std::vector<double>> generated(const onnx::GraphProto& graph, const onnx::TensorProto& tensor) {
  for (const onnx::NodeProto& node : graph.node()) {
    for (int i = 0; i < node.input_size(); ++i) {
      if (node.input(i) != tensor.name()) continue;
      const auto* role =
          std::find_if(std::begin(roles), std::end(roles), [&](const Role& r) { return r.op == node.op_type() && r.input == i; });
      if (role == std::end(roles)) continue;
      const std::optional<Shape> shape = shape_for(*role, Shape(tensor.dims().begin(), tensor.dims().end()));
      if (shape) return GeneratedWeights().read(fmt::format("{}.{}", tensor.name(), role->role), *shape);
    }
  }
  return std::nullopt;
}

bool left_out(const onnx::TensorProto& tensor) {
  return tensor.data_location() == onnx::TensorProto::EXTERNAL && tensor.external_data_size() == 1 &&
         tensor.external_data(0).key() == "location" && tensor.external_data(0).value() == "generated";
}

}  // namespace

Result<> fill_generated(onnx::GraphProto& graph) {
  for (onnx::TensorProto& tensor : *graph.mutable_initializer()) {
    if (!left_out(tensor)) continue;
    const std::optional<std::vector<double>> values = generated(graph, tensor);
    if (!values || tensor.data_type() != onnx::TensorProto::FLOAT) {
      return Failure{fmt::format("there is no rule for the values of '{}'", tensor.name())};
    }
    const std::vector<float> floats(values->begin(), values->end());
    tensor.set_raw_data(floats.data(), floats.size() * sizeof(float));
    tensor.clear_external_data();
    tensor.clear_data_location();
  }
  return {};
}

}  // namespace resnetc::zoo
