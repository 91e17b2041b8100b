/// \file Imports of concatenations, slices, shuffles and larger pictures.
#include <doctest/doctest.h>

#include "tests/unit/import/onnx_models.h"

using namespace resnetc;
using namespace import_test;

TEST_CASE("import: concatenations of several values nest, and their ways stand on edges") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  m.conv("x", "a", {4, 4, 1, 1});
  m.conv("x", "b0", {2, 4, 1, 1});
  m.conv("b0", "b1", {4, 2, 3, 3}, 1, 1);
  OnnxModel::with(m.node("Concat", {"a", "b1", "x"}, {"all"}), "axis", int64_t{1});
  m.conv("all", "last", {4, 12, 1, 1});
  OnnxModel::with(m.node("Concat", {"last", "all", "a"}, {"y"}), "axis", int64_t{-3});
  m.output("y");
  CHECK(text_of(m) == R"(  a: conv(1x1, 4)
  concat from x via edge1 { conv(1x1, 2)  conv(3x3, 4) }
  concat from x   joined1: here
  last: conv(1x1, 4)
  concat from joined1
  concat from a
  output y
}
)");
}

TEST_CASE("import: halves of the channels go ways of their own and are shuffled") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  OnnxModel::with(m.node("Split", {"x"}, {"left", "right"}), "axis", int64_t{1});
  m.conv("right", "branch", {2, 2, 3, 3}, 1, 1);
  OnnxModel::with(m.node("Concat", {"left", "branch"}, {"joined"}), "axis", int64_t{1});
  m.ints("groups", {-1, 2, 2, 8, 8});
  m.ints("back", {-1, 4, 8, 8});
  m.node("Reshape", {"joined", "groups"}, {"g"});
  OnnxModel::with(m.node("Transpose", {"g"}, {"t"}), "perm", Ints{0, 2, 1, 3, 4});
  m.node("Reshape", {"t", "back"}, {"y"});
  m.output("y");
  CHECK(text_of(m) == R"(  slice_channels(0, 2)
  concat from x via branch { slice_channels(2, 2)  conv(3x3, 2) }
  channel_shuffle(2)
  output y
}
)");
}

TEST_CASE("import: a vector at every pixel is spread over the picture beside it") {
  const auto model = [](const char* op, const Names& inputs) {
    OnnxModel m;
    m.input("x", {-1, 4, 8, 8});
    m.node("GlobalAveragePool", {"x"}, {"p"});
    m.conv("p", "fc", {4, 4, 1, 1});
    m.values("scales", {4}, {1, 1, 8, 8});
    OnnxModel::with(m.node("Resize", {"fc", "", "scales"}, {"wide"}), "mode", "linear");
    auto& made = m.node(op, inputs, {"y"});
    if (std::string(op) == "Concat") OnnxModel::with(made, "axis", int64_t{1});
    m.output("y");
    return text_of(m);
  };
  CHECK(model("Concat", {"x", "wide"}) == "  concat spread from x via fc { global_avg_pool  linear(4, bias = false) }\n  output y\n}\n");
  CHECK(model("Add", {"wide", "x"}) == "  skip spread from x via fc { global_avg_pool  linear(4, bias = false) }\n  output y\n}\n");
  CHECK(model("Concat", {"wide", "x"}).find("it appends a picture to a vector at each pixel") != std::string::npos);
  CHECK(model("Relu", {"wide"}) == "error: the output 'y' has a vector at every pixel");
}

TEST_CASE("import: a way that is longer than an edge stands before it") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  m.node("Sigmoid", {"x"}, {"s"});
  std::string at = "s";
  for (int i = 0; i < 30; ++i) {
    const std::string next = "c" + std::to_string(i);
    m.conv(at, next, {4, 4, 3, 3}, 1, 1);
    at = next;
  }
  OnnxModel::with(m.node("Concat", {"s", at}, {"y"}), "axis", int64_t{1});
  m.output("y");
  const std::string text = text_of(m);
  INFO(text);
  CHECK(text.ends_with("  from sigmoid1\n  concat from c29\n  output y\n}\n"));
}

TEST_CASE("import: larger pictures") {
  const auto resized = [](const std::vector<float>& scales, const std::vector<std::pair<const char*, const char*>>& attributes) {
    OnnxModel m;
    m.input("x", {-1, 4, 8, 8});
    m.values("scales", {4}, scales);
    auto& node = m.node("Resize", {"x", "", "scales"}, {"y"});
    for (const auto& [name, value] : attributes) OnnxModel::with(node, name, value);
    m.output("y");
    const std::string text = text_of(m);
    return text.starts_with("error") ? text : text.substr(0, text.find("\n"));
  };
  const std::pair<const char*, const char*> linear{"mode", "linear"}, floor{"nearest_mode", "floor"};
  CHECK(resized({1, 1, 2, 2}, {{"coordinate_transformation_mode", "asymmetric"}, floor}) == "  upsample(factor = 2)");
  CHECK(resized({1, 1, 2, 2}, {{"coordinate_transformation_mode", "tf_half_pixel_for_nn"}, floor}) == "  upsample(factor = 2)");
  CHECK(resized({1, 1, 1.5, 2}, {{"coordinate_transformation_mode", "tf_half_pixel_for_nn"}, floor}).starts_with("error"));
  CHECK(resized({1, 1, 2, 3}, {}) == "  upsample(factor = [2, 3])");
  CHECK(resized({1, 1, 1.5, 2}, {linear}) == "  upsample(size = [12, 16], bilinear = true)");
  CHECK(resized({1, 1, 2, 2}, {linear, {"coordinate_transformation_mode", "align_corners"}}) ==
        "  upsample(factor = 2, bilinear = true, align_corners = true)");
  CHECK(resized({1, 1, 1.3F, 2}, {linear}).find("its scales make no whole sizes") != std::string::npos);
  CHECK(resized({1, 1, 1.5, 2}, {}).find("its coordinates are 'half_pixel', rounded by") != std::string::npos);
  CHECK(resized({1, 1, 2, 2}, {linear, {"coordinate_transformation_mode", "asymmetric"}}).find("its coordinates are 'asymmetric'") !=
        std::string::npos);
  CHECK(resized({1, 1, 2, 2}, {{"mode", "cubic"}}).find("its mode is 'cubic'") != std::string::npos);
}

TEST_CASE("import: sizes of a Resize that say something else than the sizes of its result") {
  const auto resized = [](const auto& change) {
    OnnxModel m(18);
    m.input("x", {1, 4, 4, 8});
    m.ints("sizes", {1, 4, 8, 16});
    change(m.node("Resize", {"x", "", "", "sizes"}, {"y"}));
    m.output("y");
    return text_of(m);
  };
  const std::string unknown = "error: 'Resize' (output 'y'): the dimensions of its result are not known";
  CHECK(resized([](onnx::NodeProto&) {}) == "  upsample(factor = 2)\n  output y\n}\n");
  CHECK(resized([](onnx::NodeProto& node) { OnnxModel::with(node, "axes", Ints{0, 2, 1, 3}); }).starts_with(unknown));
  CHECK(resized([](onnx::NodeProto& node) { OnnxModel::with(node, "keep_aspect_ratio_policy", "not_larger"); }).starts_with(unknown));
}

TEST_CASE("import: channels become pixels, and pixels a vector") {
  const auto shuffled = [](const char* mode) {
    OnnxModel m;
    m.input("x", {-1, 8, 4, 4});
    OnnxModel::with(OnnxModel::with(m.node("DepthToSpace", {"x"}, {"y"}), "blocksize", int64_t{2}), "mode", mode);
    m.output("y");
    return text_of(m);
  };
  CHECK(shuffled("CRD") == "  pixel_shuffle(2)\n  output y\n}\n");
  CHECK(shuffled("DCR") == "  channel_shuffle(4)\n  pixel_shuffle(2)\n  output y\n}\n");
  OnnxModel m;
  m.input("x", {-1, 8, 4, 4});
  m.node("Flatten", {"x"}, {"f"});
  m.node("Relu", {"f"}, {"y"});
  m.output("y");
  CHECK(text_of(m) == "  flatten\n  relu\n  output y\n}\n");
}

TEST_CASE("import: layers between transposes to channels last and back") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  m.conv("x", "block.dw", {4, 1, 7, 7}, 1, 3);
  OnnxModel::with(*m.graph().mutable_node(0), "group", int64_t{4});
  OnnxModel::with(m.node("Transpose", {"block.dw"}, {"t"}), "perm", Ints{0, 2, 3, 1});
  m.weight("block.norm.weight", {4});
  m.weight("block.norm.bias", {4});
  m.node("LayerNormalization", {"t", "block.norm.weight", "block.norm.bias"}, {"n"});
  m.weight("block.up.weight", {4, 6});
  m.weight("block.up.bias", {6});
  m.node("MatMul", {"n", "block.up.weight"}, {"u"});
  m.node("Add", {"block.up.bias", "u"}, {"ub"});
  m.node("Gelu", {"ub"}, {"g"});
  m.weight("block.down.weight", {6, 4});
  m.node("MatMul", {"g", "block.down.weight"}, {"d"});
  OnnxModel::with(m.node("Transpose", {"d"}, {"planes"}), "perm", Ints{0, 3, 1, 2});
  m.weight("block.gamma", {4, 1, 1});
  m.node("Mul", {"planes", "block.gamma"}, {"scaled"});
  m.node("Add", {"scaled", "x"}, {"y"});
  m.output("y");
  m.proto.mutable_opset_import(0)->set_version(20);
  CHECK(text_of(m) == R"(  block_dw:   conv(7x7, 4, groups = 4)
  block_norm: layer_norm
  block_up:   conv(1x1, 6, bias = true)
  gelu
  block_down: conv(1x1, 4)
  block_:     scale
  skip from x
  output y
}
)");
  OnnxModel halves;
  halves.input("x", {-1, 4, 8, 8});
  OnnxModel::with(halves.node("Transpose", {"x"}, {"t"}), "perm", Ints{0, 2, 3, 1});
  halves.ints("sizes", {3, 1});
  OnnxModel::with(halves.node("Split", {"t", "sizes"}, {"a", "b"}), "axis", int64_t{-1});
  halves.node("Sigmoid", {"b"}, {"s"});
  OnnxModel::with(halves.node("Concat", {"s", "a"}, {"c"}), "axis", int64_t{3});
  OnnxModel::with(halves.node("ReduceMean", {"c"}, {"mean"}), "axes", Ints{1, 2});
  halves.node("Mul", {"c", "mean"}, {"gated"});
  OnnxModel::with(OnnxModel::with(halves.node("ReduceMax", {"gated"}, {"y"}), "axes", Ints{1, 2}), "keepdims", int64_t{0});
  halves.output("y");
  CHECK(text_of(halves) == R"(  slice_channels(3, 1)
  sigmoid
  concat from x via { slice_channels(0, 3) }
  gate via { global_avg_pool }
  global_max_pool
  output y
}
)");
  OnnxModel last;
  last.input("x", {-1, 4, 8, 8});
  last.conv("x", "a", {4, 4, 1, 1});
  OnnxModel::with(last.node("Transpose", {"a"}, {"t"}), "perm", Ints{0, 2, 3, 1});
  last.node("Relu", {"t"}, {"r"});
  last.node("GlobalAveragePool", {"r"}, {"c"});
  last.output("c");
  CHECK(text_of(last).find("its input has its channels last") != std::string::npos);
  CHECK(text_of(last, {.up_to = "r"}).starts_with("error: the output 'r' has its channels last"));
}

TEST_CASE("import: every function of one element may stand where channels come last") {
  struct Function {
    const char *op, *slope, *layer;
  };
  constexpr Function functions[] = {{"Relu", nullptr, "relu"},
                                    {"Sigmoid", nullptr, "sigmoid"},
                                    {"Tanh", nullptr, "tanh"},
                                    {"Mish", nullptr, "mish"},
                                    {"Gelu", nullptr, "gelu"},
                                    {"Swish", nullptr, "silu"},
                                    {"HardSwish", nullptr, "hard_swish"},
                                    {"HardSigmoid", nullptr, "hard_sigmoid(slope = 0.2)"},
                                    {"LeakyRelu", nullptr, "leaky_relu"},
                                    {"Elu", nullptr, "elu"},
                                    {"Selu", nullptr, "selu"},
                                    {"Softplus", nullptr, "softplus"},
                                    {"Softsign", nullptr, "softsign"},
                                    {"PRelu", "slope", "prelu1: prelu"}};
  for (const Function& function : functions) {
    OnnxModel m;
    m.input("x", {-1, 4, 6, 6});
    OnnxModel::with(m.node("Transpose", {"x"}, {"last"}), "perm", Ints{0, 2, 3, 1});
    if (function.slope != nullptr) {
      m.weight(function.slope, {4});
      m.node(function.op, {"last", function.slope}, {"f"});
    } else {
      m.node(function.op, {"last"}, {"f"});
    }
    OnnxModel::with(m.node("Transpose", {"f"}, {"y"}), "perm", Ints{0, 3, 1, 2});
    m.output("y");
    INFO(text_of(m));
    CHECK(text_of(m).find(std::string("  ") + function.layer + "\n  output y\n}\n") != std::string::npos);
  }
}

TEST_CASE("import: a model's own operator with the name of one that rewrites make is unknown") {
  for (const char* op : {"GroupNorm", "Repeat", "ChannelConv", "SumOfParts"}) {
    OnnxModel m;
    m.input("x", {-1, 4, 6, 6});
    m.node(op, {"x"}, {"y"});
    m.output("y");
    CHECK(text_of(m).starts_with(std::string("error: 'ai.onnx.") + op + "' (output 'y'): resnetc has no layer for it yet"));
  }
}
