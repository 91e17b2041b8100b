/// \file Models of signals: inputs of three dimensions and windows of one.
#include <doctest/doctest.h>

#include "tests/unit/import/imports.h"

using namespace resnetc;
using namespace import_test;

namespace {

/// The statements that a model with the input x and the output y gives.
template <class Build>
std::string along_lines(const Build& build) {
  OnnxModel m;
  m.input("x", {-1, 4, 16});
  build(m);
  m.output("y");
  const std::string text = text_of(m);
  const size_t end = text.find("  output y");
  return end == std::string::npos ? text : text.substr(0, end);
}

}  // namespace

TEST_CASE("import: a residual network of lines") {
  OnnxModel m;
  m.input("input.1", {-1, 12, -1});
  m.conv("input.1", "conv1", {8, 12, 7}, 2, 3);
  m.bn("conv1", "bn1", 8);
  m.node("Relu", {"bn1"}, {"stem"});
  auto& pool = m.node("MaxPool", {"stem"}, {"pool"});
  OnnxModel::with(pool, "kernel_shape", Ints{3});
  OnnxModel::with(pool, "strides", Ints{2});
  OnnxModel::with(pool, "pads", Ints{1, 1});
  basic_block(m, "pool", "layer1.0", 8, 8, 1, 1);
  basic_block(m, "layer1.0.out", "layer1.1", 8, 8, 1, 1);
  basic_block(m, "layer1.1.out", "layer2.0", 8, 16, 2, 1);
  basic_block(m, "layer2.0.out", "layer2.1", 16, 16, 1, 1);
  head(m, "layer2.1.out", 16);
  const importer::Imported network = imported(m, {.name = "small", .settings = {{"length", 100}}});
  CHECK(network.text == R"(# Imported from model.onnx.
use "blocks/basic_1d.rn"

network small {
  input signal: f32[N, 12, 100]

  conv1: conv(7, 8, stride = 2)
  bn1:   batch_norm
  relu
  max_pool(3, stride = 2, pad = 1)

  stage layer1 { repeat 2 identity_block(8) }
  stage layer2 { conv_block(16, stride = 2)  identity_block(16) }

  global_avg_pool
  fc: linear(10)
  output fc
}
)");
  Sources sources;
  const auto weights = weights_of(network, sources);
  CHECK(weights->read("conv1.weight", {8, 12, 7}).size() == 672);
  CHECK(text_of(m) == "error: the input 'input.1' has open dimensions: give them with '--set d2=...'");
}

TEST_CASE("import: layers of lines") {
  CHECK(along_lines([](OnnxModel& m) {
          auto& conv = m.conv("x", "y", {8, 2, 3}, 1, 0, true);
          OnnxModel::with(conv, "group", int64_t{2});
          OnnxModel::with(conv, "dilations", Ints{2});
          conv.mutable_attribute(1)->set_ints(0, 1);
        }) == "  y: conv(3, 8, pad = [1, 0], dilation = 2, groups = 2, bias = true)\n");
  CHECK(along_lines([](OnnxModel& m) {
          auto& pool = m.node("AveragePool", {"x"}, {"y"});
          OnnxModel::with(pool, "kernel_shape", Ints{2});
          OnnxModel::with(pool, "strides", Ints{2});
        }) == "  avg_pool(2)\n");
  CHECK(along_lines([](OnnxModel& m) { OnnxModel::with(m.node("AveragePool", {"x"}, {"y"}), "kernel_shape", Ints{16}); }) ==
        "  global_avg_pool\n");
  CHECK(along_lines([](OnnxModel& m) {
          m.values("scales", {3}, {1, 1, 2});
          auto& resize = m.node("Resize", {"x", "", "scales"}, {"y"});
          OnnxModel::with(resize, "coordinate_transformation_mode", "asymmetric");
          OnnxModel::with(resize, "nearest_mode", "floor");
        }) == "  upsample(factor = 2)\n");
  CHECK(along_lines([](OnnxModel& m) {
          m.ints("sizes", {1, 4, 21});
          m.proto.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_value(
              1);
          OnnxModel::with(m.node("Resize", {"x", "", "", "sizes"}, {"y"}), "mode", "linear");
        }) == "  upsample(size = 21, bilinear = true)\n");
  CHECK(along_lines([](OnnxModel& m) {
          m.ints("pads", {0, 0, 1, 0, 0, 2});
          m.node("Pad", {"x", "pads"}, {"p"});
          m.conv("p", "y", {8, 4, 3}, 1, 1);
        }) == "  y: conv(3, 8, pad = [2, 3])\n");
  CHECK(along_lines([](OnnxModel& m) {
          m.ints("pads", {0, 0, 1, 0, 0, 2});
          OnnxModel::with(m.node("Pad", {"x", "pads"}, {"y"}), "mode", "reflect");
        }) == "  pad([1, 2], reflect = true)\n");
  CHECK(along_lines([](OnnxModel& m) {
          m.ints("pads", {0, 0, -1, 0, 0, 2});
          m.node("Pad", {"x", "pads"}, {"p"});
          m.conv("p", "y", {8, 4, 3}, 1, 1);
        }) == "  pad([-1, 2])\n  y: conv(3, 8)\n");
  CHECK(along_lines([](OnnxModel& m) {
          m.ints("starts", {1});
          m.ints("ends", {-3});
          m.ints("axes", {2});
          m.node("Slice", {"x", "starts", "ends", "axes"}, {"y"});
        }) == "  pad([-1, -3])\n");
  CHECK(along_lines([](OnnxModel& m) {  // squeeze and excite
          OnnxModel::with(m.node("ReduceMean", {"x"}, {"mean"}), "axes", Ints{2});
          m.conv("mean", "fc", {4, 4, 1}, 1, 0, true);
          m.node("Sigmoid", {"fc"}, {"s"});
          m.node("Mul", {"x", "s"}, {"y"});
        }) == "  gate via fc { global_avg_pool  linear(4)  sigmoid }\n");
  CHECK(along_lines([](OnnxModel& m) {  // between transposes to channels last and back
          OnnxModel::with(m.node("Transpose", {"x"}, {"last"}), "perm", Ints{0, 2, 1});
          m.weight("norm.weight", {4});
          m.weight("norm.bias", {4});
          m.node("LayerNormalization", {"last", "norm.weight", "norm.bias"}, {"n"});
          m.weight("fc.weight", {4, 8});
          m.node("MatMul", {"n", "fc.weight"}, {"f"});
          OnnxModel::with(m.node("Transpose", {"f"}, {"y"}), "perm", Ints{0, 2, 1});
        }) == "  norm: layer_norm\n  fc:   conv(1, 8)\n");
  CHECK(along_lines([](OnnxModel& m) {
          m.ints("starts", {0});
          m.ints("ends", {100});
          m.ints("axes", {2});
          m.ints("steps", {2});
          m.node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"y"});
        }) == "  max_pool(1, stride = 2)\n");
  CHECK(along_lines([](OnnxModel& m) {
          m.node("Flatten", {"x"}, {"flat"});
          m.linear("flat", "y", 64, 5);
        }) == "  y: conv(16, 5, pad = 0, bias = true)\n  global_avg_pool\n");
  CHECK(along_lines([](OnnxModel& m) {
          m.weight("up.weight", {4, 8, 4});
          auto& transposed = m.node("ConvTranspose", {"x", "up.weight"}, {"y"});
          OnnxModel::with(transposed, "strides", Ints{2});
          OnnxModel::with(transposed, "pads", Ints{1, 0});
          OnnxModel::with(transposed, "output_padding", Ints{1});
        }) == "  up: conv_transpose(4, 8, stride = 2, pad = [1, 0], output_pad = 1)\n");
  CHECK(along_lines([](OnnxModel& m) { OnnxModel::with(m.node("Concat", {"x", "x"}, {"y"}), "axis", int64_t{1}); }) == "  concat from x\n");
}

TEST_CASE("import: a block that makes its value larger has no size") {
  for (const size_t axes : {size_t{1}, size_t{2}}) {
    const auto dims = [axes](int64_t first, int64_t second, int64_t each) {
      Ints result{first, second};
      result.resize(2 + axes, each);
      return result;
    };
    OnnxModel m;
    m.input("x", dims(-1, 4, 8));
    m.values("scales", {static_cast<int64_t>(2 + axes)}, axes == 1 ? std::vector<float>{1, 1, 2} : std::vector<float>{1, 1, 2, 2});
    std::string from = "x";
    for (const std::string name : {"block.0", "block.1"}) {
      m.conv(from, name + ".stem", dims(4, from == "x" ? 4 : 8, 1));
      m.conv(name + ".stem", name + ".down", dims(4, 4, 2), 2);
      auto& resize = m.node("Resize", {name + ".down", "", "scales"}, {name + ".up"});
      OnnxModel::with(resize, "coordinate_transformation_mode", "asymmetric");
      OnnxModel::with(resize, "nearest_mode", "floor");
      from = name == "block.1" ? "y" : name + ".out";
      OnnxModel::with(m.node("Concat", {name + ".stem", name + ".up"}, {from}), "axis", int64_t{1});
    }
    m.output("y");
    const auto network = m.import();
    REQUIRE_MESSAGE(network, (network ? "" : network.failure().text));
    CHECK(network->text.find("block ") != std::string::npos);
    CHECK(network->text.find("upsample(factor = 2)") != std::string::npos);
  }
}

TEST_CASE("import: lines whose channels come last") {
  OnnxModel m;
  m.input("x", {-1, 16, 4});
  OnnxModel::with(m.node("Transpose", {"x"}, {"first"}), "perm", Ints{0, 2, 1});
  m.conv("first", "y", {8, 4, 3}, 1, 1);
  m.output("y");
  const auto network = m.import();
  REQUIRE_MESSAGE(network, (network ? "" : network.failure().text));
  CHECK(network->text == R"(# Imported from model.onnx. The model has its lines' channels last; in this network they come first.

network model {
  input x: f32[N, 4, 16]

  y: conv(3, 8)
  output y
}
)");
}

TEST_CASE("import: what lines have not") {
  const std::string windows = along_lines([](OnnxModel& m) { m.conv("x", "y", {8, 4, 3, 3}, 1, 1); });
  CHECK(windows.find(
            "its weight has 4 dimensions; resnetc has convolutions of pictures, whose weight has 4, and of lines, whose weight has 3") !=
        std::string::npos);
  const std::string pools = along_lines([](OnnxModel& m) { OnnxModel::with(m.node("MaxPool", {"x"}, {"y"}), "kernel_shape", Ints{2, 2}); });
  CHECK(pools.find("resnetc has pools of pictures, with a window of rows and columns, and of lines, with a window of one number") !=
        std::string::npos);
  OnnxModel m;
  m.input("x", {1, 2, 3, 4, 5});
  m.node("Relu", {"x"}, {"y"});
  m.output("y");
  CHECK(text_of(m) ==
        "error: the input 'x' has 5 dimensions; a network takes pictures, [N, channels, height, width], lines, [N, channels, length], or "
        "vectors, [N, features]");
}
