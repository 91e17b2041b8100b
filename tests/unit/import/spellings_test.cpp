/// \file What exporters spell out in several operators, and the layer that it becomes.
#include <doctest/doctest.h>

#include "tests/unit/import/onnx_models.h"

using namespace import_test;

namespace {

/// The statements that a model with the input x and the output y gives.
template <class Build>
std::string statements(const Build& build, const Ints& input = {-1, 4, 8, 8}) {
  OnnxModel m;
  m.input("x", input);
  build(m);
  m.output("y");
  const std::string text = text_of(m);
  const size_t end = text.find("  output y");
  return end == std::string::npos ? text : text.substr(0, end);
}

void scalar(OnnxModel& m, const std::string& name, float value) { m.values(name, {}, {value}); }

}  // namespace

TEST_CASE("import: activations as operators") {
  const auto op = [](const std::string& name, const std::vector<std::pair<std::string, float>>& numbers = {}) {
    return statements([&](OnnxModel& m) {
      auto& node = m.node(name, {"x"}, {"y"});
      for (const auto& [attribute, value] : numbers) OnnxModel::with(node, attribute, value);
    });
  };
  CHECK(op("Tanh") == "  tanh\n");
  CHECK(op("Mish") == "  mish\n");
  CHECK(op("HardSwish") == "  hard_swish\n");
  CHECK(op("Gelu") == "  gelu\n");
  CHECK(op("Swish") == "  silu\n");
  CHECK(op("LeakyRelu") == "  leaky_relu\n");
  CHECK(op("LeakyRelu", {{"alpha", 0.2F}}) == "  leaky_relu(slope = 0.2)\n");
  CHECK(op("Elu") == "  elu\n");
  CHECK(op("Selu") == "  selu\n");
  CHECK(op("Selu", {{"alpha", 1.6732632423543772F}, {"gamma", 1.0507009873554805F}}) == "  selu\n");
  CHECK(op("Selu", {{"alpha", 1.5F}}) == "  elu(alpha = 1.5)\n  multiply(1.050701)\n");
  CHECK(op("Selu", {{"alpha", 1.0F}, {"gamma", 2.0F}}) == "  elu\n  multiply(2)\n");
  CHECK(op("Softplus") == "  softplus\n");
  CHECK(op("Softsign") == "  softsign\n");
  CHECK(op("HardSigmoid") == "  hard_sigmoid(slope = 0.2)\n");
  CHECK(op("HardSigmoid", {{"alpha", 1.0F / 6}}) == "  hard_sigmoid\n");
  CHECK(op("Clip", {{"min", 0.0F}, {"max", 6.0F}}) == "  clip(0, 6)\n");
  CHECK(op("Clip", {{"min", 0.0F}}) == "  relu\n");
  CHECK(statements([](OnnxModel& m) { OnnxModel::with(m.node("Gelu", {"x"}, {"y"}), "approximate", "tanh"); }) == "  gelu_tanh\n");
  CHECK(statements([](OnnxModel& m) {
          m.weight("act.weight", {4, 1, 1});
          m.node("PRelu", {"x", "act.weight"}, {"y"});
        }) == "  act: prelu\n");
  CHECK(statements([](OnnxModel& m) {
          scalar(m, "zero", 0);
          m.node("Max", {"x", "zero"}, {"y"});
        }) == "  relu\n");
}

TEST_CASE("import: activations spelled out") {
  const auto silu = [](OnnxModel& m) {
    m.node("Sigmoid", {"x"}, {"s"});
    m.node("Mul", {"x", "s"}, {"y"});
  };
  CHECK(statements(silu) == "  silu\n");
  CHECK(statements([&](OnnxModel& m) {  // of a product
          scalar(m, "c", 0.5F);
          m.node("Mul", {"x", "c"}, {"p"});
          m.node("Sigmoid", {"p"}, {"s"});
          m.node("Mul", {"s", "p"}, {"y"});
        }) == "  multiply(0.5)\n  silu\n");
  const auto hard = [](OnnxModel& m) {
    scalar(m, "three", 3);
    scalar(m, "none", 0);
    scalar(m, "six", 6);
    m.node("Add", {"x", "three"}, {"a"});
    m.node("Clip", {"a", "none", "six"}, {"c"});
  };
  CHECK(statements([&](OnnxModel& m) {
          hard(m);
          m.node("Div", {"c", "six"}, {"h"});
          m.node("Mul", {"x", "h"}, {"y"});
        }) == "  hard_swish\n");
  CHECK(statements([&](OnnxModel& m) {
          hard(m);
          m.node("Mul", {"x", "c"}, {"h"});
          m.node("Div", {"h", "six"}, {"y"});
        }) == "  hard_swish\n");
  CHECK(statements([&](OnnxModel& m) {
          hard(m);
          m.node("Div", {"c", "six"}, {"y"});
        }) == "  hard_sigmoid\n");
  const auto erf = [](OnnxModel& m) {
    scalar(m, "root", 1.41421354F);
    scalar(m, "one", 1);
    scalar(m, "half", 0.5F);
    m.node("Div", {"x", "root"}, {"d"});
    m.node("Erf", {"d"}, {"e"});
    m.node("Add", {"e", "one"}, {"a"});
  };
  CHECK(statements([&](OnnxModel& m) {
          erf(m);
          m.node("Mul", {"x", "a"}, {"p"});
          m.node("Mul", {"p", "half"}, {"y"});
        }) == "  gelu\n");
  CHECK(statements([&](OnnxModel& m) {
          erf(m);
          m.node("Mul", {"x", "half"}, {"p"});
          m.node("Mul", {"p", "a"}, {"y"});
        }) == "  gelu\n");
  CHECK(statements([&](OnnxModel& m) {
          erf(m);
          m.node("Mul", {"a", "half"}, {"p"});
          m.node("Mul", {"x", "p"}, {"y"});
        }) == "  gelu\n");
  CHECK(statements([&](OnnxModel& m) {
          scalar(m, "c3", 3);
          scalar(m, "cubic", 0.044715F);
          scalar(m, "scale", 0.797884583F);
          scalar(m, "one", 1);
          scalar(m, "half", 0.5F);
          m.node("Pow", {"x", "c3"}, {"cube"});
          m.node("Mul", {"cube", "cubic"}, {"small"});
          m.node("Add", {"x", "small"}, {"sum"});
          m.node("Mul", {"sum", "scale"}, {"z"});
          m.node("Tanh", {"z"}, {"t"});
          m.node("Add", {"t", "one"}, {"a"});
          m.node("Mul", {"x", "half"}, {"p"});
          m.node("Mul", {"p", "a"}, {"y"});
        }) == "  gelu_tanh\n");
  CHECK(statements([&](OnnxModel& m) {
          m.node("Softplus", {"x"}, {"p"});
          m.node("Tanh", {"p"}, {"t"});
          m.node("Mul", {"x", "t"}, {"y"});
        }) == "  mish\n");
  const auto quotient = [](float number) {
    return statements([&](OnnxModel& m) {
      scalar(m, "c", number);
      m.node("Abs", {"x"}, {"m"});
      m.node("Add", {"c", "m"}, {"a"});
      m.node("Div", {"x", "a"}, {"y"});
    });
  };
  CHECK(quotient(1) == "  softsign\n");
  CHECK(quotient(2).find("softsign") == std::string::npos);
  CHECK(statements([](OnnxModel& m) {  // PyTorch's Softplus(beta = 2)
          scalar(m, "beta", 2);
          m.node("Mul", {"x", "beta"}, {"p"});
          m.node("Softplus", {"p"}, {"s"});
          m.node("Div", {"s", "beta"}, {"y"});
        }) == "  multiply(2)\n  softplus\n  multiply(0.5)\n");
}

TEST_CASE("import: sums and products with constants") {
  const auto with = [](const std::string& op, const Ints& shape, bool constant_first = false) {
    return statements([&](OnnxModel& m) {
      m.weight("c", shape);
      m.node(op, constant_first ? Names{"c", "x"} : Names{"x", "c"}, {"y"});
    });
  };
  CHECK(with("Mul", {4, 1, 1}) == "  scale1: scale\n");
  CHECK(with("Mul", {1, 4, 1, 1}, true) == "  scale1: scale\n");
  CHECK(with("Div", {}) == "  multiply(9.090909140169128)\n");
  CHECK(with("Add", {4, 1, 1}) == "  bias1: bias\n");
  CHECK(with("Sub", {}, true) == "  multiply(-1)\n  bias1: bias\n");
  CHECK(with("Add", {8}).starts_with("error: 'Add' (output 'y'): its constant is no number, and has no number for each channel"));
  CHECK(statements([](OnnxModel& m) {
          m.conv("x", "c", {4, 4, 1, 1});
          m.values("b", {4, 1, 1}, {1, 2, 3, 4});
          m.node("Add", {"c", "b"}, {"y"});
        }) == "  c: conv(1x1, 4, bias = true)\n");
}

TEST_CASE("import: norms") {
  const auto norm = [](const std::string& op, const Ints& input, int64_t opset = 21) {
    OnnxModel m(opset);
    m.input("x", input);
    m.weight("n.weight", {4});
    m.weight("n.bias", {4});
    OnnxModel::with(OnnxModel::with(m.node(op, {"x", "n.weight", "n.bias"}, {"y"}), "num_groups", int64_t{2}), "epsilon", 1e-6F);
    m.output("y");
    const std::string text = text_of(m);
    return text.substr(0, text.find("\n"));
  };
  CHECK(norm("InstanceNormalization", {-1, 4, 8, 8}) == "  n: instance_norm(eps = 1e-06, affine = true)");
  CHECK(norm("GroupNormalization", {-1, 4, 8, 8}) == "  n: group_norm(2, eps = 1e-06)");
  CHECK(norm("GroupNormalization", {-1, 4, 8, 8}, 18).starts_with("error: 'GroupNormalization' (output 'y'): its weights count groups"));
  CHECK(norm("LayerNormalization", {-1, 4}) == "  n: layer_norm(eps = 1e-06)");
  CHECK(norm("LayerNormalization", {-1, 4, 8, 4}).starts_with("error: 'LayerNormalization'"));
}

TEST_CASE("import: group norms spelled as instance norms") {
  const auto norm = [](float bias_of_group, bool weight, bool bias, const Ints& weight_shape = {4, 1, 1}) {
    return statements([&](OnnxModel& m) {
      m.ints("groups", {0, 2, -1});
      m.values("ones", {2}, {1, 1});
      m.values("zeros", {2}, {bias_of_group, bias_of_group});
      m.node("Reshape", {"x", "groups"}, {"g"});
      OnnxModel::with(m.node("InstanceNormalization", {"g", "ones", "zeros"}, {"i"}), "epsilon", 1e-6F);
      m.node("Shape", {"x"}, {"shape"});
      m.node("Reshape", {"i", "shape"}, {"n"});
      m.weight("norm.weight", weight_shape);
      m.weight("norm.bias", {4, 1, 1});
      m.node("Mul", {weight ? "norm.weight" : "n", "n"}, {"w"});
      m.node("Add", {"w", bias ? "norm.bias" : "w"}, {"y"});
    });
  };
  CHECK(norm(0, true, true) == "  norm: group_norm(2, eps = 1e-06)\n");
  // What follows may be the norm's weight only if it comes next, and is there for each channel.
  CHECK(norm(0.5F, true, true) == "  group_norm1: group_norm(2, eps = 1e-06)\n  scale1:      scale\n  norm:        bias\n");
  CHECK(norm(0, true, true, {1}) == "  group_norm(2, eps = 1e-06, affine = false)\n  multiply(0.14)\n  norm: bias\n");
  CHECK(norm(0, true, false).starts_with("  norm: group_norm(2, eps = 1e-06)\n"));
}

TEST_CASE("import: layer norms spelled as means") {
  // Over one axis; `root` makes r, by which the difference d is divided or multiplied, of the variance v.
  const auto norm = [](const Ints& input, int64_t axis, const Ints& weight_shape, const auto& root) {
    return statements(
        [&](OnnxModel& m) {
          OnnxModel::with(m.node("ReduceMean", {"x"}, {"mean"}), "axes", Ints{axis});
          m.node("Sub", {"x", "mean"}, {"d"});
          scalar(m, "two", 2);
          m.node("Pow", {"d", "two"}, {"squares"});
          OnnxModel::with(m.node("ReduceMean", {"squares"}, {"variance"}), "axes", Ints{axis});
          scalar(m, "eps", 1e-6F);
          m.node("Add", {"variance", "eps"}, {"v"});
          root(m);
          m.weight("norm.weight", weight_shape);
          m.weight("norm.bias", weight_shape);
          m.node("Mul", {"n", "norm.weight"}, {"w"});
          m.node("Add", {"norm.bias", "w"}, {"y"});
        },
        input);
  };
  const auto quotient = [](OnnxModel& m) {
    m.node("Sqrt", {"v"}, {"r"});
    m.node("Div", {"d", "r"}, {"n"});
  };
  CHECK(norm({-1, 4, 8, 8}, 1, {4, 1, 1}, quotient) == "  norm: layer_norm(eps = 1e-06)\n");
  CHECK(norm({-1, 4}, -1, {4}, quotient) == "  norm: layer_norm(eps = 1e-06)\n");
  CHECK(norm({-1, 4}, -1, {4}, [](OnnxModel& m) {
          m.node("Sqrt", {"v"}, {"s"});
          m.node("Reciprocal", {"s"}, {"r"});
          m.node("Mul", {"r", "d"}, {"n"});
        }) == "  norm: layer_norm(eps = 1e-06)\n");
  CHECK(norm({-1, 4}, -1, {4}, [](OnnxModel& m) {
          scalar(m, "half", -0.5F);
          m.node("Pow", {"v", "half"}, {"r"});
          m.node("Mul", {"d", "r"}, {"n"});
        }) == "  norm: layer_norm(eps = 1e-06)\n");
  CHECK(norm({-1, 4, 8, 8}, 2, {4, 1, 1}, quotient).starts_with("error: 'LayerNorm'"));
}

TEST_CASE("import: layer norms multiplied out, as Keras writes them") {
  const auto norm = [](const char* subtracted) {
    return statements(
        [&](OnnxModel& m) {
          OnnxModel::with(m.node("ReduceMean", {"x"}, {"mean"}), "axes", Ints{1});
          m.ints("same", {-1, 1, 8, 8});
          m.node("Reshape", {"mean", "same"}, {"view"});
          m.node("Sub", {"x", "view"}, {"d"});
          m.node("Mul", {"d", "d"}, {"squares"});
          OnnxModel::with(m.node("ReduceMean", {"squares"}, {"variance"}), "axes", Ints{1});
          scalar(m, "eps", 1e-3F);
          m.node("Add", {"variance", "eps"}, {"v"});
          m.node("Sqrt", {"v"}, {"root"});
          m.node("Reciprocal", {"root"}, {"r"});
          m.weight("norm.weight", {1, 4, 1, 1});
          m.weight("norm.bias", {1, 4, 1, 1});
          m.node("Mul", {"r", "norm.weight"}, {"w"});
          m.node("Mul", {"x", "w"}, {"scaled"});
          m.node("Neg", {subtracted}, {"negated"});
          m.node("Mul", {"negated", "w"}, {"shifted"});
          m.node("Add", {"shifted", "norm.bias"}, {"shift"});
          m.node("Add", {"scaled", "shift"}, {"y"});
        },
        {-1, 4, 8, 8});
  };
  CHECK(norm("mean").find("layer_norm(eps = 0.001)") != std::string::npos);
  CHECK(norm("variance").starts_with("error:"));
}

TEST_CASE("import: several products with numbers are one") {
  CHECK(statements([](OnnxModel& m) {
          scalar(m, "a", 2);
          scalar(m, "b", 0.2F);
          m.node("Relu", {"x"}, {"r"});
          m.node("Mul", {"r", "a"}, {"p"});
          m.node("Mul", {"b", "p"}, {"q"});
          m.node("Add", {"q", "p"}, {"y"});
        }) == "  relu1: relu\n  multiply(0.4)\n  skip from relu1 via { multiply(2) }\n");
}

TEST_CASE("import: a factor that no float holds is refused") {
  const std::string refusal = statements([](OnnxModel& m) {
    scalar(m, "a", 2e30F);
    scalar(m, "b", 3e30F);
    m.node("Mul", {"x", "a"}, {"p"});
    m.node("Mul", {"p", "b"}, {"y"});
  });
  CHECK_MESSAGE(refusal.find("beyond the numbers of 32 bits") != std::string::npos, refusal);
}

TEST_CASE("import: differences of two values") {
  CHECK(statements([](OnnxModel& m) {
          m.conv("x", "c", {4, 4, 1, 1});
          m.node("Sub", {"c", "x"}, {"y"});
        }) == "  c: conv(1x1, 4)\n  skip from x via { multiply(-1) }\n");
}

TEST_CASE("import: padding by an operator of its own") {
  const auto padded = [](const Ints& pads, const auto& build) {
    return statements([&](OnnxModel& m) {
      m.ints("pads", pads);
      m.node("Relu", {"x"}, {"r"});
      m.node("Pad", {"r", "pads"}, {"p"});
      build(m);
    });
  };
  const Ints around{0, 0, 1, 1, 0, 0, 1, 1};
  CHECK(padded(around, [](OnnxModel& m) {
          m.conv("p", "c", {4, 4, 3, 3});
          m.node("Relu", {"c"}, {"y"});
        }) == "  relu\n  c: conv(3x3, 4)\n  relu\n");
  CHECK(padded(around, [](OnnxModel& m) {
          OnnxModel::with(OnnxModel::with(m.node("MaxPool", {"p"}, {"y"}), "kernel_shape", Ints{3, 3}), "strides", Ints{2, 2});
        }) == "  relu\n  max_pool(3x3, stride = 2, pad = 1)\n");
  CHECK(padded(around, [](OnnxModel& m) { OnnxModel::with(m.node("AveragePool", {"p"}, {"y"}), "kernel_shape", Ints{3, 3}); }) ==
        "  relu\n  avg_pool(3x3, stride = 1, pad = 1)\n");
  CHECK(padded({0, 0, 0, 0, 0, 2, 0, 0}, [](OnnxModel& m) { m.node("Relu", {"p"}, {"y"}); }) == "  relu\n  pad_channels(6)\n  relu\n");
  CHECK(padded({0, 0, 1, 0, 0, 0, 1, 2}, [](OnnxModel& m) { m.node("Relu", {"p"}, {"y"}); }) == "  relu\n  pad([1, 0, 1, 2])\n  relu\n");
  CHECK(padded({1, 0, 1, 0, 0, 0, 1, 2}, [](OnnxModel& m) { m.node("Relu", {"p"}, {"y"}); }).starts_with("error: 'Pad' (output 'p')"));
  CHECK(statements([&](OnnxModel& m) {
          m.ints("pads", around);
          OnnxModel::with(m.node("Pad", {"x", "pads"}, {"p"}), "mode", "reflect");
          m.conv("p", "y", {4, 4, 3, 3});
        }) == "  pad(1, reflect = true)\n  y: conv(3x3, 4, pad = 0)\n");
}

TEST_CASE("import: a Pad that cuts pixels off") {
  const auto padded = [](const Ints& pads, const auto& build, const char* mode = "constant", const Ints& axes = {}) {
    return statements([&](OnnxModel& m) {
      m.ints("pads", pads);
      if (!axes.empty()) m.ints("axes", axes);
      const std::vector<std::string> inputs{"x", "pads", "", "axes"};
      OnnxModel::with(m.node("Pad", std::vector(inputs.begin(), inputs.begin() + (axes.empty() ? 2 : 4)), {"p"}), "mode", mode);
      build(m);
    });
  };
  const auto relu = [](OnnxModel& m) { m.node("Relu", {"p"}, {"y"}); };
  const auto conv = [](OnnxModel& m) { m.conv("p", "y", {4, 4, 3, 3}, 1, 1); };
  const Ints shifted{0, 0, -1, -1, 0, 0, 1, 1};
  CHECK(padded(shifted, relu) == "  pad([-1, -1, 1, 1])\n  relu\n");
  // Zeros beside the cut are no padding of the window.
  CHECK(padded(shifted, conv) == "  pad([-1, -1, 1, 1])\n  y: conv(3x3, 4)\n");
  CHECK(padded({0, 0, -1, -2, 0, 0, -3, -4}, conv) == "  pad([-1, -2, -3, -4])\n  y: conv(3x3, 4)\n");
  CHECK(padded({0, 0, -2, -2, 0, 0, -2, -2}, relu) == "  pad(-2)\n  relu\n");
  for (const char* mode : {"constant", "reflect", "edge"}) {
    CHECK(padded({0, 0, -2, 0, 0, 0, 0, -2}, relu, mode) == "  pad([-2, 0, 0, -2])\n  relu\n");
  }
  CHECK(padded(shifted, relu, "reflect") == "  pad([-1, -1, 1, 1], reflect = true)\n  relu\n");
  CHECK(padded(shifted, relu, "edge").starts_with("error: 'Pad' (output 'p')"));
  CHECK(padded({0, 0, -4, 0, 0, 0, -4, 0}, relu).starts_with("error: 'Pad' (output 'p'): pad = -4x0 leaves nothing of 8x8\n"));
  CHECK(padded({0, 0, -9, 0, 0, 0, 2, 0}, relu).starts_with("error: 'Pad' (output 'p')"));
  CHECK(padded({0, -1, 0, 0, 0, 0, 0, 0}, relu).starts_with("error: 'Pad' (output 'p')"));
  // Some axes alone, as from version 18 on.
  CHECK(padded({-1, 1, -2, 2}, relu, "constant", {3, -2}) == "  pad([1, -1, 2, -2])\n  relu\n");
  CHECK(padded({1, 1, 1, 1}, conv, "constant", {2, 3}) == "  y: conv(3x3, 4, pad = 2)\n");
  CHECK(padded({1, 1, 1, 1}, conv, "constant", {2, 4}).starts_with("error: 'Pad' (output 'p')"));
  CHECK(padded({1, 1, 1, 1}, conv, "constant", {2, 2}).starts_with("error: 'Pad' (output 'p')"));
  // Before version 11 the numbers are an attribute.
  CHECK(statements([](OnnxModel& m) { OnnxModel::with(m.node("Pad", {"x"}, {"y"}), "pads", Ints{0, 0, 0, -1, 0, 0, 0, -1}); }) ==
        "  pad([0, -1])\n");
}

TEST_CASE("import: a Pad whose value is computed is refused") {
  CHECK(statements([](OnnxModel& m) {
          m.ints("pads", {0, 0, 1, 1, 0, 0, 1, 1});
          OnnxModel::with(m.node("ReduceMean", {"x"}, {"mean"}), "keepdims", int64_t{0});
          m.node("Pad", {"x", "pads", "mean"}, {"y"});
        }).starts_with("error: "));
}

TEST_CASE("import: norms that divide by a deviation without a subtraction") {
  // The variance of 4 channels that estimates that of what they are a sample of.
  CHECK(statements([](OnnxModel& m) {
          scalar(m, "count", 4);
          scalar(m, "less", 3);
          scalar(m, "eps", 4e-6F);
          OnnxModel::with(m.node("ReduceMean", {"x"}, {"mean"}), "axes", Ints{1});
          m.node("Sub", {"x", "mean"}, {"d"});
          m.node("Mul", {"d", "d"}, {"squares"});
          OnnxModel::with(m.node("ReduceMean", {"squares"}, {"variance"}), "axes", Ints{1});
          m.node("Mul", {"variance", "count"}, {"sum"});
          m.node("Div", {"sum", "less"}, {"larger"});
          m.node("Add", {"larger", "eps"}, {"v"});
          m.node("Sqrt", {"v"}, {"r"});
          m.node("Div", {"x", "r"}, {"n"});
          m.weight("norm.weight", {4, 1, 1});
          m.node("Mul", {"n", "norm.weight"}, {"y"});
        }) == "  norm: layer_norm(eps = 3e-06, subtract_mean = false)\n");
  // EvoNorm-S0, with a gate that has a weight for each channel.
  const auto evo = [](const Ints& grouped, const Ints& spread) {
    return statements([&](OnnxModel& m) {
      scalar(m, "eps", 1e-5F);
      m.weight("v", {1, 4, 1, 1});
      m.node("Mul", {"x", "v"}, {"xv"});
      m.node("Sigmoid", {"xv"}, {"s"});
      m.node("Mul", {"x", "s"}, {"gated"});
      m.ints("groups", {0, 2, 2, 8, 8});
      m.node("Reshape", {"x", "groups"}, {"g"});
      OnnxModel::with(m.node("ReduceMean", {"g"}, {"mean"}), "axes", Ints{2, 3, 4});
      m.node("Sub", {"g", "mean"}, {"d"});
      m.node("Mul", {"d", "d"}, {"squares"});
      OnnxModel::with(m.node("ReduceMean", {"squares"}, {"variance"}), "axes", Ints{2, 3, 4});
      m.node("Add", {"variance", "eps"}, {"var"});
      m.node("Sqrt", {"var"}, {"root"});
      m.ints("grouped", grouped);
      m.node("Reshape", {"root", "grouped"}, {"r"});
      m.ints("wide", spread);
      m.node("Expand", {grouped.empty() ? "root" : "r", "wide"}, {"e"});
      m.ints("picture", {0, 4, 8, 8});
      m.node("Reshape", {"e", "picture"}, {"deviation"});
      m.node("Div", {"gated", "deviation"}, {"y"});
    });
  };
  CHECK(evo({}, {1, 2, 2, 8, 8}) ==
        "  group_norm(2, affine = false, subtract_mean = false)\n  gate via gate1 { from x  scale  sigmoid }\n");
  // The groups of the variance are not those that it divides.
  CHECK(evo({0, 1, 2, 1, 1}, {1, 2, 2, 8, 8}).starts_with("error:"));
}

TEST_CASE("import: norms that subtract nothing") {
  const auto rms = [](const std::string& square, const std::string& inverse) {
    return statements([&](OnnxModel& m) {
      scalar(m, "two", 2);
      scalar(m, "one", 1);
      scalar(m, "eps", 1e-6F);
      m.node(square, {"x", square == "Pow" ? "two" : "x"}, {"s"});
      OnnxModel::with(m.node("ReduceMean", {"s"}, {"m"}), "axes", Ints{1});
      m.node("Add", {"m", "eps"}, {"e"});
      m.node("Sqrt", {"e"}, {"r"});
      if (inverse == "Reciprocal") m.node("Reciprocal", {"r"}, {"i"});
      if (inverse == "1 /") m.node("Div", {"one", "r"}, {"i"});
      m.node(inverse.empty() ? "Div" : "Mul", {"x", inverse.empty() ? "r" : "i"}, {"y"});
    });
  };
  for (const char* square : {"Pow", "Mul"}) {
    for (const char* inverse : {"", "Reciprocal", "1 /"}) CHECK(rms(square, inverse) == "  rms_norm(eps = 1e-06, affine = false)\n");
  }
  // ConvNeXt V2's response normalisation.
  CHECK(statements([](OnnxModel& m) {
          scalar(m, "eps", 1e-6F);
          OnnxModel::with(m.node("ReduceL2", {"x"}, {"g"}), "axes", Ints{2, 3});
          OnnxModel::with(m.node("ReduceMean", {"g"}, {"m"}), "axes", Ints{1});
          m.node("Add", {"m", "eps"}, {"e"});
          m.node("Div", {"g", "e"}, {"n"});
          m.node("Mul", {"x", "n"}, {"y"});
        }) == "  gate via { global_l2_pool  mean_norm(eps = 1e-06) }\n");
  CHECK(statements([](OnnxModel& m) {
          scalar(m, "two", 2);
          m.node("Pow", {"x", "two"}, {"y"});
        }) == "  square\n");
  CHECK(statements([](OnnxModel& m) {
          scalar(m, "three", 3);
          m.node("Pow", {"x", "three"}, {"y"});
        }).starts_with("error: 'Pow' (output 'y'): resnetc has squares, and no other powers"));
}

TEST_CASE("import: convolutions along channels, and pixels as channels") {
  CHECK(statements([](OnnxModel& m) {
          m.ints("signal", {-1, 1, 4});
          m.ints("vector", {-1, 4, 1, 1});
          m.weight("w", {1, 1, 3});
          m.node("GlobalAveragePool", {"x"}, {"g"});
          m.node("Reshape", {"g", "signal"}, {"s"});
          OnnxModel::with(m.node("Conv", {"s", "w"}, {"c"}), "pads", Ints{1, 1});
          m.node("Sigmoid", {"c"}, {"a"});
          m.node("Reshape", {"a", "vector"}, {"v"});
          m.node("Mul", {"x", "v"}, {"y"});
        }) == "  gate via gate1 { global_avg_pool  unflatten(1, [1, 4])  conv(1x3, 1)  flatten  sigmoid }\n");
  CHECK(statements([](OnnxModel& m) {
          m.ints("split", {-1, 4, 4, 2, 4, 2});
          m.ints("joined", {-1, 16, 4, 4});
          m.node("Reshape", {"x", "split"}, {"s"});
          OnnxModel::with(m.node("Transpose", {"s"}, {"t"}), "perm", Ints{0, 3, 5, 1, 2, 4});
          m.node("Reshape", {"t", "joined"}, {"y"});
        }) == "  pixel_unshuffle(2)\n  channel_shuffle(4)\n");
  CHECK(statements([](OnnxModel& m) { OnnxModel::with(m.node("SpaceToDepth", {"x"}, {"y"}), "blocksize", int64_t{2}); }) ==
        "  pixel_unshuffle(2)\n  channel_shuffle(4)\n");
}

TEST_CASE("import: rows and columns left out, and channels that come last") {
  CHECK(statements([](OnnxModel& m) {
          m.ints("s", {0, 0});
          m.ints("e", {INT64_MAX, INT64_MAX});
          m.ints("a", {2, 3});
          m.ints("by", {2, 2});
          m.node("Slice", {"x", "s", "e", "a", "by"}, {"y"});
        }) == "  max_pool(1x1, stride = 2)\n");
  CHECK(statements([](OnnxModel& m) {
          m.ints("s", {-3});
          m.ints("e", {3});
          m.ints("a", {1});
          m.node("Slice", {"x", "s", "e", "a"}, {"y"});
        }) == "  slice_channels(1, 2)\n");
  const auto taken = [](const Ints& starts, const Ints& ends, const Ints& axes, const Ints& steps = {}) {
    return statements([&](OnnxModel& m) {
      m.ints("s", starts);
      m.ints("e", ends);
      m.ints("a", axes);
      if (steps.empty()) {
        m.node("Slice", {"x", "s", "e", "a"}, {"y"});
      } else {
        m.ints("by", steps);
        m.node("Slice", {"x", "s", "e", "a", "by"}, {"y"});
      }
    });
  };
  CHECK(taken({1, 2}, {-1, INT64_MAX}, {2, 3}) == "  pad([-1, -2, -1, 0])\n");
  CHECK(taken({2}, {-2}, {-1}) == "  pad([0, -2])\n");
  CHECK(taken({1, 0}, {8, 8}, {2, 3}, {2, 2}) == "  pad([-1, 0, 0, 0])\n  max_pool(1x1, stride = 2)\n");
  CHECK(taken({1}, {5}, {3}, {3}) == "  pad([0, -1, 0, -3])\n  max_pool(1x1, stride = [1, 3])\n");
  CHECK(taken({0}, {7}, {2}, {2}) == "  max_pool(1x1, stride = [2, 1])\n");
  CHECK(taken({1, 1}, {3, 100}, {1, 2}) == "  slice_channels(1, 2)\n  pad([-1, 0, 0, 0])\n");
  CHECK(statements([](OnnxModel& m) {  // while channels come last
          m.ints("s", {1, 2, 1});
          m.ints("e", {8, 6, 4});
          m.ints("a", {-3, 2, 3});
          OnnxModel::with(m.node("Transpose", {"x"}, {"last"}), "perm", Ints{0, 2, 3, 1});
          m.node("Slice", {"last", "s", "e", "a"}, {"part"});
          OnnxModel::with(m.node("Transpose", {"part"}, {"y"}), "perm", Ints{0, 3, 1, 2});
        }) == "  slice_channels(1, 3)\n  pad([-1, -2, 0, -2])\n");
  CHECK(statements([](OnnxModel& m) {  // as attributes, before version 10
          auto& slice = m.node("Slice", {"x"}, {"y"});
          OnnxModel::with(OnnxModel::with(OnnxModel::with(slice, "starts", Ints{1}), "ends", Ints{-1}), "axes", Ints{3});
        }) == "  pad([0, -1])\n");
  CHECK(taken({0}, {4}, {1}, {2}).starts_with("error: 'Slice' (output 'y')"));
  CHECK(taken({5}, {5}, {2}).starts_with("error: 'Slice' (output 'y')"));
  CHECK(taken({-1}, {-9}, {2}, {-1}).starts_with("error: 'Slice' (output 'y')"));
  CHECK(taken({1, 1}, {4, 4}, {2, 2}).starts_with("error: 'Slice' (output 'y')"));
  OnnxModel m;
  m.input("x", {-1, 8, 6, 4});
  OnnxModel::with(m.node("Transpose", {"x"}, {"t"}), "perm", Ints{0, 3, 1, 2});
  m.conv("t", "y", {3, 4, 3, 3}, 1, 1);
  m.output("y");
  const auto imported = m.import();
  REQUIRE_MESSAGE(imported, (imported ? "" : imported.failure().text));
  CHECK(imported->text == R"(# Imported from model.onnx. The model has its pictures' channels last; this network has planes.

network model {
  input x: f32[N, 4, 8, 6]

  y: conv(3x3, 3)
  output y
}
)");
}

TEST_CASE("import: attention is named first, behind whatever else has no layer") {
  CHECK(statements([](OnnxModel& m) {
          m.ints("shape", {-1, 4, 64});
          m.node("Reshape", {"x", "shape"}, {"r"});
          OnnxModel::with(m.node("Transpose", {"r"}, {"t"}), "perm", Ints{0, 2, 1});
          m.node("MatMul", {"r", "t"}, {"y"});
        }).starts_with("error: 'MatMul' (output 'y'): it multiplies two values as matrices, as attention does"));
}

TEST_CASE("import: weights that are divided by their spectral norm") {
  CHECK(statements([](OnnxModel& m) {
          m.weight("w", {2, 4, 1, 1});
          m.ints("rows", {2, 4});
          m.node("Reshape", {"w", "rows"}, {"matrix"});
          m.values("u", {2}, {1, 0});
          m.values("v", {4}, {0, 1, 0, 0});
          m.node("MatMul", {"matrix", "v"}, {"wv"});
          m.node("MatMul", {"u", "wv"}, {"norm"});
          m.node("Div", {"w", "norm"}, {"divided"});
          m.node("Conv", {"x", "divided"}, {"y"});
        }) == "  conv1: conv(1x1, 2)\n");
}

TEST_CASE("import: an operator of constants that is not computed is told as one") {
  const std::string text = statements([](OnnxModel& m) {
    m.weight("w", {1, 1, 1, 1});
    m.ints("far too large", {1 << 10, 1 << 10, 1 << 10, 1 << 10});
    m.node("Expand", {"w", "far too large"}, {"big"});
    m.node("Add", {"x", "big"}, {"y"});
  });
  CHECK(text.starts_with("error: 'Expand' (output 'big'): its inputs are all constants, but resnetc cannot compute it"));
  CHECK(text.find("it is reached by") == std::string::npos);
  CHECK(statements([](OnnxModel& m) {
          m.weight("a", {4, 8, 8});
          m.weight("b", {4, 8, 8});
          m.node("MatMul", {"a", "b"}, {"ab"});  // of three dimensions
          m.node("Add", {"x", "ab"}, {"y"});
        }).starts_with("error: 'MatMul' (output 'ab'): its inputs are all constants"));
}

TEST_CASE("import: a batch norm that trains is refused, with the way out") {
  CHECK(statements([](OnnxModel& m) { OnnxModel::with(m.bn("x", "y", 4), "training_mode", int64_t{1}); })
            .starts_with("error: 'BatchNormalization' (node 'y_node', output 'y'): it computes its statistics in each run, as in training: "
                         "export it with model.eval()"));
}

TEST_CASE("import: softmaxes and sums over parts of channels") {
  CHECK(statements([](OnnxModel& m) { OnnxModel::with(m.node("Softmax", {"x"}, {"y"}), "axis", int64_t{1}); }) == "  softmax\n");
  CHECK(statements([](OnnxModel& m) {
          OnnxModel::with(m.node("Softmax", {"x"}, {"y"}), "axis", int64_t{2});
        }).starts_with("error: 'Softmax' (output 'y'): resnetc has the softmax over"));
  // Split attention: the parts of a value, each multiplied by its share and added.
  const std::string text = statements([](OnnxModel& m) {
    m.ints("parts", {-1, 2, 2, 8, 8});
    m.ints("rows", {-1, 1, 2, 2});
    m.ints("row", {-1, 4});
    m.ints("shares", {-1, 2, 2, 1, 1});
    m.ints("one", {1});
    m.node("Reshape", {"x", "parts"}, {"p"});
    m.node("GlobalAveragePool", {"x"}, {"g"});
    m.node("Reshape", {"g", "rows"}, {"r"});
    OnnxModel::with(m.node("Transpose", {"r"}, {"t"}), "perm", Ints{0, 2, 1, 3});
    OnnxModel::with(m.node("Softmax", {"t"}, {"s"}), "axis", int64_t{1});
    m.node("Reshape", {"s", "row"}, {"v"});
    m.node("Reshape", {"v", "shares"}, {"w"});
    m.node("Mul", {"p", "w"}, {"q"});
    OnnxModel::with(m.node("ReduceSum", {"q", "one"}, {"y"}), "keepdims", int64_t{0});
  });
  CHECK(text.find("softmax(parts = 2)") != std::string::npos);
  CHECK(text.find("slice_channels(2, 2)") != std::string::npos);
  // Selective kernels: values that are stacked and added.
  CHECK(statements([](OnnxModel& m) {
          m.ints("one", {1});
          m.node("Relu", {"x"}, {"a"});
          m.node("Unsqueeze", {"a", "one"}, {"b"});
          m.node("Unsqueeze", {"x", "one"}, {"c"});
          OnnxModel::with(m.node("Concat", {"b", "c"}, {"d"}), "axis", int64_t{1});
          OnnxModel::with(m.node("ReduceSum", {"d", "one"}, {"y"}), "keepdims", int64_t{0});
        }) == "  relu\n  skip from x\n");
}
