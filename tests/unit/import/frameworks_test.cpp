/// \file Imports of what tf2onnx, Keras, paddle2onnx and PyTorch's newer exporter write: their names, spellings and layouts.
#include <doctest/doctest.h>

#include "tests/unit/import/imports.h"

using namespace resnetc;
using namespace import_test;

namespace {

/// A model as tf2onnx writes it: pictures with their channels last, which a Transpose turns.
OnnxModel tensorflow(const Ints& input, const std::string& name = "keras_tensor_12") {
  OnnxModel m;
  m.proto.set_producer_name("tf2onnx");
  m.input(name, input);
  return m;
}

void to_front(OnnxModel& m, const std::string& from) { OnnxModel::with(m.node("Transpose", {from}, {"planes"}), "perm", Ints{0, 3, 1, 2}); }
void to_back(OnnxModel& m, const std::string& from) { OnnxModel::with(m.node("Transpose", {from}, {"last"}), "perm", Ints{0, 2, 3, 1}); }

/// Keras's convolution and batch norm, as tf2onnx leaves them: a convolution with a name of its own, a product and a sum.
std::string conv_norm(OnnxModel& m, const std::string& from, const std::string& layer, const Ints& dims, int number) {
  const std::string conv = "Conv__" + std::to_string(number) + ":0", kernel = "net_1/" + layer + "_conv_1/convolution/ReadVariableOp:0",
                    norm = "net_1/" + layer + "_bn_1/batchnorm/";
  m.weight(kernel, dims);
  m.weight(norm + "mul:0", {1, dims[0], 1, 1});
  m.weight("const_fold_opt__" + std::to_string(number), {1, dims[0], 1, 1});
  OnnxModel::with(m.node("Conv", {from, kernel}, {conv}, "Conv__" + std::to_string(number)), "pads", Ints(4, (dims[2] - 1) / 2));
  m.node("Mul", {conv, norm + "mul:0"}, {norm + "mul_1:0"}, norm + "mul_1");
  m.node("Add", {norm + "mul_1:0", "const_fold_opt__" + std::to_string(number)}, {norm + "add_1:0"}, norm + "add_1");
  return norm + "add_1:0";
}

}  // namespace

TEST_CASE("import: names of Keras give stages and labels, and its products and sums are batch norms") {
  OnnxModel m = tensorflow({-1, 8, 8, 4});
  to_front(m, "keras_tensor_12");
  std::string at = conv_norm(m, "planes", "conv1", {4, 4, 3, 3}, 7);
  for (const std::string block : {"conv2_block1", "conv2_block2"}) {
    const std::string one = conv_norm(m, at, block + "_1", {4, 4, 1, 1}, static_cast<int>(block.back()));
    m.node("Relu", {one}, {"net_1/" + block + "_1_relu_1/Relu:0"}, "net_1/" + block + "_1_relu_1/Relu");
    const std::string two =
        conv_norm(m, "net_1/" + block + "_1_relu_1/Relu:0", block + "_2", {4, 4, 3, 3}, static_cast<int>(block.back()) + 10);
    m.node("Add", {at, two}, {"net_1/" + block + "_add_1/add:0"}, "net_1/" + block + "_add_1/add");
    at = "net_1/" + block + "_add_1/add:0";
  }
  m.node("Identity", {at}, {"Identity:0"});
  m.output("Identity:0");
  const importer::Imported network = imported(m);
  CHECK(network.text == R"(# Imported from model.onnx. The model has its pictures' channels last; this network has planes.

block identity_block {
  conv1: conv(1x1, 4)   bn1: batch_norm   relu
  conv2: conv(3x3, 4)   bn2: batch_norm
  skip from in
}

network model {
  input image: f32[N, 4, 8, 8]

  conv1_conv: conv(3x3, 4)
  conv1_bn:   batch_norm

  stage conv2 { repeat 2 identity_block }

  output result
}
)");
  Sources sources;
  const auto weights = weights_of(network, sources);
  CHECK(weights->read("conv1_bn.weight", {4})[0] == doctest::Approx(0.14).epsilon(1e-6));
  CHECK(weights->read("conv1_bn.running_mean", {4})[1] == 0);
  CHECK(weights->read("conv1_bn.running_var", {4})[1] + 1e-5 == doctest::Approx(1).epsilon(1e-7));
}

TEST_CASE("import: Keras counts the blocks of a stage with letters") {
  OnnxModel m = tensorflow({-1, 8, 8, 4}, "input_layer_3");
  to_front(m, "input_layer_3");
  std::string at = conv_norm(m, "planes", "block2a", {4, 4, 3, 3}, 1);
  for (const char letter : {'b', 'c'}) {
    const std::string one = conv_norm(m, at, std::string("block2") + letter, {4, 4, 3, 3}, letter);
    m.node("Add", {at, one}, {std::string("sum") + letter});
    at = std::string("sum") + letter;
  }
  m.output(at);
  CHECK(text_of(m).find("stage block2_1_to_2 { repeat 2 identity_block }") != std::string::npos);
  CHECK(text_of(m).find("block2_0_conv: conv(3x3, 4)") != std::string::npos);
}

TEST_CASE("import: names of stages say nothing of other blocks, and blocks are whole by the model's numbers") {
  OnnxModel m = tensorflow({-1, 16, 16, 4});
  to_front(m, "keras_tensor_12");
  // As Keras's MobileNetV3: the activations are numbered on their own, and the layers "conv" and "conv_1" become "conv_1" and "conv_1_2".
  const auto conv = [&](const std::string& from, const std::string& layer, int64_t in, int64_t out, int64_t stride = 1) {
    const std::string kernel = "net_1/" + layer + "/convolution/ReadVariableOp:0", value = "net_1/" + layer + "/convolution:0";
    m.weight(kernel, {out, in, 3, 3});
    OnnxModel::with(OnnxModel::with(m.node("Conv", {from, kernel}, {value}, value), "pads", Ints(4, 1)), "strides", Ints{stride, stride});
    return value;
  };
  int activations = 0;
  const auto relu = [&](const std::string& from) {
    const std::string value = "net_1/re_lu_" + std::to_string(++activations) + "_1/Relu:0";
    m.node("Relu", {from}, {value}, value);
    return value;
  };
  std::string at = relu(conv("planes", "conv_1", 4, 4));
  struct Block {
    std::string name;
    int64_t in, out, stride;
  };
  for (const auto& [name, in, out, stride] : {Block{"unit", 4, 4, 1}, Block{"unit_1", 4, 8, 2}, Block{"unit_2", 8, 8, 1},
                                              Block{"unit_3", 8, 16, 2}, Block{"unit_4", 16, 16, 1}, Block{"unit_5", 16, 16, 1}}) {
    const std::string out_value = conv(relu(conv(at, name + "_expand_1", in, 16)), name + "_project_1", 16, out, stride);
    if (stride == 1) m.node("Add", {at, out_value}, {name + "_sum"});
    at = stride == 1 ? name + "_sum" : out_value;
  }
  at = conv(at, "conv_1_2", 16, 4);
  m.output(at);
  CHECK(text_of(m) == R"(  conv: conv(3x3, 4)
  relu

  stage unit { identity_block(4) }
  stage unit_1_to_2 { plain_block(8)  identity_block(8) }
  stage unit_3_to_5 { plain_block(16)  repeat 2 identity_block(16) }

  conv_1: conv(3x3, 4)
  output net_1_conv_1_2_convolution_0
}
)");
}

TEST_CASE("import: factors and sums for each channel that are equal by chance stay layers") {
  OnnxModel m;
  m.input("x", {-1, 2, 4, 4});
  m.conv("x", "a", {2, 2, 1, 1});
  m.values("scale", {1, 2, 1, 1}, {0.5F, 0.5F});
  m.values("shift", {1, 2, 1, 1}, {0, 0});
  m.node("Mul", {"a", "scale"}, {"s"});
  m.node("Add", {"s", "shift"}, {"y"});
  m.output("y");
  CHECK(text_of(m) == "  a:   conv(1x1, 2)\n  bn1: batch_norm\n  output y\n}\n");
}

TEST_CASE("import: an input with its channels last may be normalised before it is turned") {
  OnnxModel m = tensorflow({-1, 6, 8, 3});
  m.values("by", {}, {0.25F});
  m.values("mean", {1, 1, 1, 3}, {1, 2, 3});
  m.values("deviation", {1, 1, 1, 3}, {0.5F, 2, 4});
  m.node("Mul", {"keras_tensor_12", "by"}, {"scaled"}, "net/rescaling/mul");
  m.node("Sub", {"scaled", "mean"}, {"centred"}, "net/normalization/Sub");
  m.node("Div", {"centred", "deviation"}, {"normal"}, "net/normalization/truediv");
  to_front(m, "normal");
  m.conv("planes", "y", {4, 3, 3, 3}, 1, 1);
  m.output("y");
  const importer::Imported network = imported(m);
  CHECK(network.text.find(R"(  input image: f32[N, 3, 6, 8]

  multiply(0.25)
  normalization:   bias
  normalization_2: scale
  conv1:           conv(3x3, 4)
  output y
)") != std::string::npos);
  Sources sources;
  const auto weights = weights_of(network, sources);
  CHECK(weights->read("normalization.bias", {3})[2] == -3);
  CHECK(weights->read("normalization_2", {3})[2] == 0.25);
}

TEST_CASE("import: Keras repeats rows, then columns, and so makes a larger picture") {
  const auto larger = [](int64_t rows, int64_t columns, const Ints& turn = {0, 2, 3, 4, 1}) {
    OnnxModel m;
    m.input("x", {-1, 4, 8, 6});
    m.ints("axis", {3});
    m.ints("by_rows", {1, 1, 1, rows, 1});
    m.ints("by_columns", {1, 1, 1, columns, 1});
    m.ints("rows", {-1, 8 * rows, 6, 4});
    m.ints("both", {-1, 8 * rows, 6 * columns, 4});
    m.node("Unsqueeze", {"x", "axis"}, {"thin"});
    m.node("Tile", {"thin", "by_rows"}, {"tiled"});
    OnnxModel::with(m.node("Transpose", {"tiled"}, {"tiled_last"}), "perm", turn);
    m.node("Reshape", {"tiled_last", "rows"}, {"high"});
    m.node("Unsqueeze", {"high", "axis"}, {"high_thin"});
    m.node("Tile", {"high_thin", "by_columns"}, {"high_tiled"});
    m.node("Reshape", {"high_tiled", "both"}, {"last"});
    to_front(m, "last");
    m.conv("planes", "y", {4, 4, 1, 1});
    m.output("y");
    return text_of(m);
  };
  CHECK(larger(2, 2) == "  upsample(factor = 2)\n  y: conv(1x1, 4)\n  output y\n}\n");
  CHECK(larger(3, 2) == "  upsample(factor = [3, 2])\n  y: conv(1x1, 4)\n  output y\n}\n");
  CHECK(larger(2, 2, {0, 3, 2, 4, 1}).starts_with("error"));  // all rows, and then all again
}

TEST_CASE("import: a line's places are repeated, and all pixels at once by an Expand") {
  OnnxModel line;
  line.input("x", {-1, 8, 4});
  line.ints("axis", {2});
  line.ints("by", {1, 1, 3, 1});
  line.ints("shape", {-1, 24, 4});
  OnnxModel::with(line.node("Transpose", {"x"}, {"first"}), "perm", Ints{0, 2, 1});
  line.conv("first", "c", {4, 4, 1});
  OnnxModel::with(line.node("Transpose", {"c"}, {"c_last"}), "perm", Ints{0, 2, 1});
  line.node("Unsqueeze", {"c_last", "axis"}, {"thin"});
  line.node("Tile", {"thin", "by"}, {"tiled"});
  line.node("Reshape", {"tiled", "shape"}, {"long"});
  OnnxModel::with(line.node("Transpose", {"long"}, {"y"}), "perm", Ints{0, 2, 1});
  line.output("y");
  CHECK(text_of(line) == "  c: conv(1, 4)\n  upsample(factor = 3)\n  output y\n}\n");

  const auto repeated = [](const Ints& middle, const Ints& larger, const Ints& result) {
    OnnxModel m;
    m.input("x", {1, 4, 8, 6});
    m.ints("middle", middle);
    m.ints("larger", larger);
    m.ints("result", result);
    m.node("Reshape", {"x", "middle"}, {"thin"});
    m.node("Expand", {"thin", "larger"}, {"tiled"});
    m.node("Reshape", {"tiled", "result"}, {"y"});
    m.output("y");
    return text_of(m);
  };
  CHECK(repeated({1, 4, 8, 1, 6, 1}, {1, 4, 8, 2, 6, 3}, {1, 4, 16, 18}) == "  upsample(factor = [2, 3])\n  output y\n}\n");
  CHECK(repeated({1, 4, 8, 6, 1}, {1, 4, 8, 6, 2}, {1, 4, 8, 12}) == "  upsample(factor = [1, 2])\n  output y\n}\n");
  CHECK(repeated({1, 4, 1, 8, 6}, {1, 4, 2, 8, 6}, {1, 8, 8, 6}).find("it repeats pictures or channels") != std::string::npos);
  CHECK(repeated({1, 4, 1, 8, 6}, {1, 4, 2, 8, 6}, {1, 4, 16, 6}).starts_with("error"));  // all rows, and then all again
}

TEST_CASE("import: a picture with one channel is turned by a Reshape") {
  OnnxModel m = tensorflow({-1, 6, 8, 1});
  m.ints("shape", {-1, 1, 6, 8});
  m.node("Reshape", {"keras_tensor_12", "shape"}, {"planes"});
  m.conv("planes", "c", {1, 1, 3, 3}, 1, 1);
  m.ints("back", {-1, 6, 8, 1});
  m.node("Reshape", {"c", "back"}, {"y"});
  m.output("y");
  CHECK(text_of(m) == "  conv1: conv(3x3, 1)\n  output y\n}\n");
}

TEST_CASE("import: zeros around a picture whose channels come last become the padding of the convolution behind the Transpose") {
  for (const int64_t opset : {10, 17}) {
    OnnxModel m(opset);
    m.input("x", {-1, 8, 8, 4});
    const Ints pads{0, 0, 2, 0, 0, 1, 3, 0};
    if (opset > 10) m.ints("pads", pads);
    auto& pad = m.node("Pad", opset > 10 ? Names{"x", "pads"} : Names{"x"}, {"padded"});
    if (opset == 10) OnnxModel::with(pad, "pads", pads);
    to_front(m, "padded");
    m.conv("planes", "y", {4, 4, 3, 3});
    m.output("y");
    CHECK(text_of(m) == "  y: conv(3x3, 4, pad = [0, 2, 1, 3])\n  output y\n}\n");
    m.node("Relu", {"padded"}, {"z"});
    m.output("z");
    CHECK(text_of(m).starts_with("error: 'Transpose'"));
  }
}

TEST_CASE("import: pictures and lines whose channels come last are resized and padded") {
  // What the model does with [N, 6, 8, 4] or [N, 8, 4] between two transposes, and reads once more by a Relu before the second.
  const auto between = [](size_t axes, const auto& build) {
    const Ints last = axes == 2 ? Ints{0, 2, 3, 1} : Ints{0, 2, 1}, first = axes == 2 ? Ints{0, 3, 1, 2} : Ints{0, 2, 1};
    OnnxModel m(18);
    m.input("x", axes == 2 ? Ints{-1, 4, 6, 8} : Ints{-1, 4, 8});
    OnnxModel::with(m.node("Transpose", {"x"}, {"last"}), "perm", last);
    build(m);
    m.node("Relu", {"made"}, {"positive"});
    OnnxModel::with(m.node("Transpose", {"positive"}, {"y"}), "perm", first);
    m.output("y");
    const std::string text = text_of(m);
    return text.substr(0, text.find("  relu\n"));
  };
  const auto resized = [&](const std::vector<float>& scales, const char* mode = "nearest") {
    return between(scales.size() - 2, [&](OnnxModel& m) {
      m.values("scales", {static_cast<int64_t>(scales.size())}, scales);
      OnnxModel::with(m.node("Resize", {"last", "", "scales"}, {"made"}), "mode", mode);
    });
  };
  CHECK(resized({1, 2, 3, 1}) == "  upsample(factor = [2, 3])\n");
  CHECK(resized({1, 1.5, 2, 1}, "linear") == "  upsample(size = [9, 16], bilinear = true)\n");
  CHECK(resized({1, 3, 1}) == "  upsample(factor = 3)\n");
  CHECK(resized({1, 1, 2, 2}).find("'Resize' (output 'made'): it resizes more than rows and columns") != std::string::npos);
  CHECK(resized({1, 1, 3}).find("'Resize' (output 'made'): it resizes more than rows and columns") != std::string::npos);

  const auto padded = [&](const Ints& pads, const char* mode = "constant", const Ints& axes = {}) {
    return between(axes.empty() ? pads.size() / 2 - 2 : 2, [&](OnnxModel& m) {
      m.ints("pads", pads);
      if (!axes.empty()) m.ints("axes", axes);
      OnnxModel::with(m.node("Pad", axes.empty() ? Names{"last", "pads"} : Names{"last", "pads", "", "axes"}, {"made"}), "mode", mode);
    });
  };
  CHECK(padded({0, 1, 2, 0, 0, 3, 4, 0}) == "  pad([1, 2, 3, 4])\n");
  CHECK(padded({0, 1, 1, 0, 0, 1, 1, 0}, "reflect") == "  pad(1, reflect = true)\n");
  CHECK(padded({0, -1, 0, 0, 0, 0, 2, 3}) == "  pad([-1, 0, 0, 2])\n  pad_channels(7)\n");
  CHECK(padded({1, 2, 3, 4}, "constant", {1, -2}) == "  pad([1, 2, 3, 4])\n");
  CHECK(padded({0, 1, 0, 0, 2, 3}) == "  pad([1, 2])\n  pad_channels(7)\n");
  CHECK(padded({0, 0, 0, 1, 0, 0, 0, 0}).find("'Pad' (output 'made'): resnetc appends") != std::string::npos);
  CHECK(padded({1, 0, 0, 0, 0, 0, 0, 0}).find("'Pad' (output 'made'): resnetc appends") != std::string::npos);

  // One pixel at every place stays a vector, and there are no sides of it to pad.
  const auto of_mean = [&](const char* op, const Ints& last_input, const std::vector<float>& scales) {
    return between(2, [&](OnnxModel& m) {
      m.ints("axes", {1, 2});
      m.node("ReduceMean", {"last", "axes"}, {"mean"});
      m.values("scales", {4}, scales);
      m.ints("pads", last_input);
      m.node(op, std::string(op) == "Pad" ? Names{"mean", "pads"} : Names{"mean", "", "scales"}, {"wide"});
      m.node("Add", {"last", "wide"}, {"made"});
    });
  };
  CHECK(of_mean("Resize", {}, {1, 6, 8, 1}) == "  skip spread from x via { global_avg_pool }\n");
  CHECK(of_mean("Pad", {0, 2, 3, 0, 0, 3, 4, 0}, {1, 1, 1, 1}).find("'Pad' (output 'wide'): resnetc appends") != std::string::npos);
}

TEST_CASE("import: an input with its channels last may be resized and padded before it is turned") {
  OnnxModel m = tensorflow({-1, 6, 8, 3});
  m.values("scales", {4}, {1, 2, 2, 1});
  m.ints("pads", {0, 1, 1, 0, 0, 1, 1, 0});
  OnnxModel::with(m.node("Resize", {"keras_tensor_12", "", "scales"}, {"large"}), "mode", "linear");
  OnnxModel::with(m.node("Pad", {"large", "pads"}, {"padded"}), "mode", "reflect");
  to_front(m, "padded");
  m.conv("planes", "y", {4, 3, 3, 3});
  m.output("y");
  CHECK(imported(m).text.find(R"(  input image: f32[N, 3, 6, 8]

  upsample(factor = 2, bilinear = true)
  pad(1, reflect = true)
  conv1: conv(3x3, 4, pad = 0)
  output y
)") != std::string::npos);
}

TEST_CASE("import: a model that takes channels last may give them so") {
  OnnxModel m = tensorflow({-1, 6, 8, 4});
  to_front(m, "keras_tensor_12");
  m.conv("planes", "c", {2, 4, 3, 3}, 1, 1);
  to_back(m, "c");
  OnnxModel::with(m.node("Softmax", {"last"}, {"y"}), "axis", int64_t{-1});
  m.output("y");
  CHECK(text_of(m) == "  conv1: conv(3x3, 2)\n  softmax\n  output y\n}\n");
}

TEST_CASE("import: a matrix over all pixels of a picture whose channels come last") {
  const auto model = [](const char* op) {
    OnnxModel m;
    m.input("x", {-1, 2, 1, 3});
    OnnxModel::with(m.node("Transpose", {"x"}, {"last"}), "perm", Ints{0, 2, 3, 1});
    m.ints("row", {-1, 6});
    m.node("Reshape", {"last", "row"}, {"flat"});
    m.values("fc.weight", {6, 1}, {1, 2, 3, 4, 5, 6});
    m.node(op, {"flat", "fc.weight"}, {"y"});
    m.output("y");
    return m;
  };
  for (const char* op : {"MatMul", "Gemm"}) {
    const importer::Imported network = imported(model(op));
    CHECK(network.text.find("  fc: conv(1x3, 1, pad = 0)\n  global_avg_pool\n  output y\n") != std::string::npos);
    Sources sources;
    CHECK(weights_of(network, sources)->read("fc.weight", {1, 2, 1, 3}) == std::vector<double>{1, 3, 5, 2, 4, 6});
  }
  OnnxModel other = model("MatMul");
  other.node("Relu", {"flat"}, {"z"});
  other.output("z");
  CHECK(text_of(other).find("its input has its channels last") != std::string::npos);
}

TEST_CASE("import: inputs that nothing reads are left out") {
  OnnxModel m = tensorflow({-1, 4, 8, 8}, "x");
  m.input("net/normalization/Sub/y:0", {1, 1, 1, 3});
  m.conv("x", "y", {4, 4, 1, 1});
  m.output("y");
  CHECK(text_of(m) == "  conv1: conv(1x1, 4)\n  output y\n}\n");
  m.node("Add", {"x", "net/normalization/Sub/y:0"}, {"z"});
  CHECK(text_of(m) ==
        "error: the model has 2 inputs: 'x', 'net/normalization/Sub/y:0'; a network has one: export it with the values of the others");
}

TEST_CASE("import: elements that are taken in their order are a view") {
  const auto model = [](const Ints& indices) {
    OnnxModel m;
    m.input("x", {1, 4, 8, 8});
    m.ints("axes", {-1, -2});
    m.ints("row", {-1});
    m.node("ReduceMean", {"x", "axes"}, {"mean"});
    m.node("Reshape", {"mean", "row"}, {"flat"});
    auto& all = m.ints("indices", indices);
    all.clear_dims();
    for (const int64_t d : {1, 4, 1, 1}) all.add_dims(d);
    m.node("Gather", {"flat", "indices"}, {"strided"}, "node_as_strided");
    m.node("Flatten", {"strided"}, {"vector"});
    m.linear("vector", "fc", 4, 3);
    m.output("fc");
    m.proto.mutable_opset_import(0)->set_version(18);
    return text_of(m);
  };
  CHECK(model({0, 1, 2, 3}) == "  global_avg_pool\n  fc: linear(3)\n  output fc\n}\n");
  CHECK(model({0, 2, 1, 3}).find("'Gather' (node 'node_as_strided', output 'strided'): resnetc has no layer for it yet") !=
        std::string::npos);
}

TEST_CASE("import: the slope of Paddle's hard sigmoid is a sixth") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  OnnxModel::with(m.node("HardSigmoid", {"x"}, {"fetch_name_0"}), "alpha", 0.16666670143604279F);
  m.output("fetch_name_0");
  CHECK(text_of(m) == "  hard_sigmoid\n  output result\n}\n");
}

TEST_CASE("import: a shuffle behind a concatenation belongs to its block") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  m.ints("groups", {-1, 2, 2, 8, 8});
  m.ints("back", {-1, 4, 8, 8});
  std::string at = "x";
  for (const std::string n : {"1", "2"}) {
    OnnxModel::with(m.node("Split", {at}, {"left" + n, "right" + n}), "axis", int64_t{1});
    m.weight("w" + n, {2, 2, 1, 1});
    m.node("Conv", {"right" + n, "w" + n}, {"conv" + n});
    OnnxModel::with(m.node("Concat", {"left" + n, "conv" + n}, {"joined" + n}), "axis", int64_t{1});
    m.node("Reshape", {"joined" + n, "groups"}, {"g" + n});
    OnnxModel::with(m.node("Transpose", {"g" + n}, {"t" + n}), "perm", Ints{0, 2, 1, 3, 4});
    m.node("Reshape", {"t" + n, "back"}, {"y" + n});
    at = "y" + n;
  }
  m.output(at);
  CHECK(text_of(m) == "  stage stage1 { repeat 2 concat_block }\n\n  output y2\n}\n");
}

TEST_CASE("import: a layer of Keras may be called as an operator of TensorFlow") {
  OnnxModel m = tensorflow({-1, 8, 8, 4});
  to_front(m, "keras_tensor_12");
  m.weight("net/conv2d_1/convolution/ReadVariableOp:0", {4, 4, 1, 1});
  m.weight("const_fold_opt__1", {4, 2, 2, 2});
  m.node("Conv", {"planes", "net/conv2d_1/convolution/ReadVariableOp:0"}, {"a"}, "Conv__1");
  OnnxModel::with(m.node("ConvTranspose", {"a", "const_fold_opt__1"}, {"y"}, "net/conv2d_transpose/conv_transpose"), "strides", Ints{2, 2});
  m.output("y");
  CHECK(text_of(m) == "  conv2d_1:         conv(1x1, 4)\n  conv2d_transpose: conv_transpose(2x2, 2, stride = 2)\n  output y\n}\n");
}

TEST_CASE("import: a Slice may say of the open batch that it takes all of it") {
  const auto model = [](int64_t start, int64_t end) {
    OnnxModel m;
    m.input("x", {-1, 4, 8, 8});
    m.ints("starts", {start, 1, 1, 0});
    m.ints("ends", {end, INT32_MAX, INT32_MAX, INT32_MAX});
    m.ints("axes", {0, 2, 3, 1});
    m.node("Slice", {"x", "starts", "ends", "axes"}, {"y"});
    m.output("y");
    return text_of(m);
  };
  CHECK(model(0, INT32_MAX) == "  pad([-1, -1, 0, 0])\n  output y\n}\n");
  CHECK(model(1, INT32_MAX).find("the dimensions of its result are not known") != std::string::npos);
  CHECK(model(0, 2).find("the dimensions of its result are not known") != std::string::npos);
}
