/// \file Whole imports: the text that a model gives, the names of its weights, and what is said where there is no text.
#include <doctest/doctest.h>

#include "tests/unit/import/imports.h"

using namespace resnetc;
using namespace import_test;

namespace {

OnnxModel resnet() {
  OnnxModel m;
  m.input("image", {-1, 3, 16, 16});
  m.conv("image", "conv1", {8, 3, 3, 3}, 1, 1);
  m.bn("conv1", "bn1", 8);
  m.node("Relu", {"bn1"}, {"stem"});
  basic_block(m, "stem", "layer1.0", 8, 8, 1);
  basic_block(m, "layer1.0.out", "layer1.1", 8, 8, 1);
  basic_block(m, "layer1.1.out", "layer2.0", 8, 16, 2);
  basic_block(m, "layer2.0.out", "layer2.1", 16, 16, 1);
  head(m, "layer2.1.out", 16);
  return m;
}

}  // namespace

TEST_CASE("import: a residual network gets the library's blocks, stages and the model's names") {
  const importer::Imported network = imported(resnet(), {.name = "small"});
  CHECK(network.text == R"(# Imported from model.onnx.
use "blocks/basic.rn"

network small {
  input image: f32[N, 3, 16, 16]

  conv1: conv(3x3, 8)
  bn1:   batch_norm
  relu

  stage layer1 { repeat 2 identity_block(8) }
  stage layer2 { conv_block(16, stride = 2)  identity_block(16) }

  global_avg_pool
  fc: linear(10)
  output fc
}
)");
  CHECK(network.layers == 31);
  Sources sources;
  const auto weights = weights_of(network, sources);
  CHECK(weights->entries().size() == 52);
  CHECK(weights->entries().contains("layer2.0.downsample.1.running_var"));
  CHECK(weights->read("fc.weight", {10, 16})[1] == static_cast<double>(0.1F + 0.01F * 3));
}

TEST_CASE("import: without names in the model, layers and stages are numbered") {
  OnnxModel m = resnet();
  int count = 0;
  for (auto& tensor : *m.graph().mutable_initializer()) {
    const std::string name = "onnx::w_" + std::to_string(count++);
    for (auto& node : *m.graph().mutable_node()) {
      node.clear_name();
      for (auto& input : *node.mutable_input()) {
        if (input == tensor.name()) input = name;
      }
    }
    tensor.set_name(name);
  }
  CHECK(text_of(m) == R"(  conv1: conv(3x3, 8)
  bn1:   batch_norm
  relu

  stage stage1 { repeat 2 identity_block(8) }
  stage stage2 { conv_block(16, stride = 2)  identity_block(16) }

  global_avg_pool
  fc1: linear(10)
  output fc
}
)");
}

TEST_CASE("import: blocks that no library has get parameters where their copies differ") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  std::string at = "x";
  for (const auto& [name, width, stride] : {std::tuple{"a.0", 4, 1}, {"a.1", 4, 1}, {"b.0", 8, 2}, {"b.1", 8, 1}}) {
    const std::string n = name;
    const int64_t in = n == "b.0" ? 4 : width;
    m.conv(at, n + ".reduce", {width / 2, in, 1, 1}, 1, 0, true);
    m.node("Relu", {n + ".reduce"}, {n + ".r"});
    m.conv(n + ".r", n + ".expand", {width, width / 2, 3, 3}, stride, 1, true);
    OnnxModel::with(m.node("ReduceMean", {n + ".expand"}, {n + ".mean"}), "axes", Ints{2, 3});
    m.conv(n + ".mean", n + ".se.fc", {width, width, 1, 1}, 1, 0, true);
    m.node("Sigmoid", {n + ".se.fc"}, {n + ".sigmoid"});
    m.node("Mul", {n + ".expand", n + ".sigmoid"}, {n + ".gated"});
    std::string edge = at;
    if (stride != 1 || n == "a.0") {
      m.conv(at, n + ".shortcut", {width, in, 1, 1}, stride);
      edge = n + ".shortcut";
    }
    m.node("Add", {edge, n + ".gated"}, {n + ".out"});
    at = n + ".out";
  }
  m.output(at);
  const importer::Imported network = imported(m, {.name = "own"});
  CHECK(network.text == R"(# Imported from model.onnx.

block conv_block(width, stride = 1) {
  reduce: conv(1x1, width, bias = true)   relu
  expand: conv(3x3, 2 * width, stride = stride, bias = true)
  gate via se_fc { global_avg_pool  linear(2 * width)  sigmoid }
  skip from in via shortcut { conv(1x1, 2 * width, stride = stride) }
}

block identity_block(width) {
  reduce: conv(1x1, width, bias = true)   relu
  expand: conv(3x3, 2 * width, bias = true)
  gate via se_fc { global_avg_pool  linear(2 * width)  sigmoid }
  skip from in
}

network own {
  input x: f32[N, 4, 8, 8]

  stage a { conv_block(2)  identity_block(2) }
  stage b { conv_block(4, stride = 2)  identity_block(4) }

  output b_1_out
}
)");
}

TEST_CASE("import: one edge stays in a flat text, with labels") {
  OnnxModel m;
  m.input("in", {-1, 4, 8, 8});
  m.conv("in", "first", {4, 4, 3, 3}, 1, 1);
  m.node("Relu", {"first"}, {"a"});
  m.conv("a", "left.conv", {4, 4, 3, 3}, 1, 1);
  m.conv("left.conv", "left.again", {4, 4, 3, 3}, 1, 1);
  m.conv("a", "right.conv", {4, 4, 1, 1});
  m.node("Add", {"right.conv", "left.again"}, {"y"});
  m.output("y");
  CHECK(text_of(m) == R"(  first:      conv(3x3, 4)
  relu1:      relu
  left_conv:  conv(3x3, 4)
  left_again: conv(3x3, 4)
  skip from relu1 via right_conv { conv(1x1, 4) }
  output y
}
)");
}

TEST_CASE("import: an edge from the end of another edge") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  m.conv("x", "a", {4, 4, 3, 3}, 1, 1);
  m.node("Add", {"a", "x"}, {"first"});
  m.conv("first", "b", {4, 4, 3, 3}, 1, 1);
  m.node("Relu", {"b"}, {"r"});
  m.conv("r", "c", {4, 4, 3, 3}, 1, 1);
  m.node("Add", {"c", "first"}, {"second"});
  m.conv("second", "d", {4, 4, 3, 3}, 1, 1);
  m.node("Add", {"d", "first"}, {"third"});
  m.node("Add", {"third", "x"}, {"y"});
  m.output("y");
  const importer::Imported network = imported(m, {.name = "sums"});
  CHECK(network.text == R"(# Imported from model.onnx.

block here {}  # gives the current value a name

network sums {
  input x: f32[N, 4, 8, 8]

  a: conv(3x3, 4)
  skip from x   sum1: here
  b: conv(3x3, 4)
  relu
  c: conv(3x3, 4)
  skip from sum1
  d: conv(3x3, 4)
  skip from sum1
  skip from x
  output y
}
)");
}

TEST_CASE("import: a list inside a block reads the block's input by a name of its own") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  std::string at = "x";
  for (const std::string name : {"b.0", "b.1"}) {
    m.conv(at, name + ".main", {4, 4, 3, 3}, 1, 1);
    m.conv(at, name + ".attend", {4, 4, 1, 1});
    m.node("Sigmoid", {name + ".attend"}, {name + ".s"});
    m.node("Mul", {name + ".main", name + ".s"}, {name + ".gated"});
    m.node("Add", {name + ".gated", at}, {name + ".out"});
    at = name + ".out";
  }
  m.output(at);
  const importer::Imported network = imported(m);
  CHECK(network.text.find(R"(block here {}  # gives the current value a name

block identity_block {
  start: here
  main:  conv(3x3, 4)
  gate via attend { from start  conv(1x1, 4)  sigmoid }
  skip from start
})") != std::string::npos);
}

TEST_CASE("import: blocks that differ in their windows share one, and layers beside a block belong to its number") {
  OnnxModel m;
  m.input("input.1", {-1, 4, 8, 8});
  std::string at = "input.1";
  for (const int64_t i : {0, 1, 2}) {
    const std::string name = "blocks." + std::to_string(i);
    const int64_t kernel = i == 1 ? 5 : 3;
    auto& depthwise = m.conv(at, name + ".0.fn.0", {4, 1, kernel, kernel}, 1, kernel / 2);
    OnnxModel::with(depthwise, "group", int64_t{4});
    m.node("Relu", {name + ".0.fn.0"}, {name + ".relu"});
    m.bn(name + ".relu", name + ".0.fn.2", 4);
    m.node("Add", {name + ".0.fn.2", at}, {name + ".sum"});
    m.conv(name + ".sum", name + ".1", {4, 4, 1, 1});
    at = name + ".1";
  }
  m.node("Relu", {at}, {"77"});
  m.output("77");
  CHECK(imported(m).text == R"(# Imported from model.onnx.

block identity_block(kernel = 3) {
  fn: conv([kernel, kernel], 4, groups = 4)   relu   fn_bn: batch_norm
  skip from in
  conv1: conv(1x1, 4)
}

network model {
  input image: f32[N, 4, 8, 8]

  stage blocks { identity_block  identity_block(kernel = 5)  identity_block }

  relu
  output result
}
)");
}

TEST_CASE("import: weights that exporters share because they are equal name nothing") {
  OnnxModel m;
  m.input("x", {-1, 4});
  m.weight("first.norm.weight", {4});
  m.weight("first.norm.bias", {4});
  m.node("LayerNormalization", {"x", "first.norm.weight", "first.norm.bias"}, {"a"}, "/first/norm/LayerNormalization");
  m.node("LayerNormalization", {"a", "first.norm.weight", "first.norm.bias"}, {"b"}, "/second/norm/LayerNormalization");
  m.node("LayerNormalization", {"b", "first.norm.weight", "first.norm.bias"}, {"y"});
  m.output("y");
  CHECK(text_of(m) == R"(  first_norm:   layer_norm
  second_norm:  layer_norm
  first_norm_2: layer_norm
  output y
}
)");
}

TEST_CASE("import: names become names of the language, each once") {
  OnnxModel m;
  m.input("in", {-1, 4, 8, 8});
  m.conv("in", "7/skip", {4, 4, 1, 1});
  m.conv("7/skip", "in", {4, 4, 1, 1});
  m.graph().mutable_node(1)->set_output(0, "b");
  m.conv("b", "c.skip", {4, 4, 1, 1});
  m.conv("c.skip", "c_skip", {4, 4, 1, 1});
  m.node("Relu", {"c_skip"}, {"stage"});
  m.output("stage");
  const importer::Imported network = imported(m, {.name = "3rd net"});
  CHECK(network.text == R"(# Imported from model.onnx.

network _3rd_net {
  input in_: f32[N, 4, 8, 8]

  _7_skip:  conv(1x1, 4)
  in__2:    conv(1x1, 4)
  c_skip:   conv(1x1, 4)
  c_skip_2: conv(1x1, 4)
  relu
  output stage_
}
)");
}

TEST_CASE("import: spellings of the layers that a classifier has") {
  const auto line = [](const auto& build, const Ints& input = {-1, 4, 8, 8}) {
    OnnxModel m;
    m.input("x", input);
    build(m);
    m.output("y");
    const std::string text = text_of(m);
    const size_t end = text.find("  output y");
    return end == std::string::npos ? text : text.substr(0, end);
  };
  const Ints vector{-1, 6};
  CHECK(line([](OnnxModel& m) {
          m.conv("x", "y", {6, 2, 3, 5}, 2, 0);
          m.graph().mutable_node(0)->mutable_attribute(1)->mutable_ints()->Clear();
          for (const int64_t pad : {0, 4, 0, 4}) m.graph().mutable_node(0)->mutable_attribute(1)->add_ints(pad);
          OnnxModel::with(OnnxModel::with(*m.graph().mutable_node(0), "group", int64_t{2}), "dilations", Ints{1, 2});
        }) == "  y: conv(3x5, 6, stride = 2, pad = [0, 4], dilation = [1, 2], groups = 2)\n");
  CHECK(line([](OnnxModel& m) {
          m.weight("w.weight", {6, 4, 3, 3});
          OnnxModel::with(m.node("Conv", {"x", "w.weight"}, {"y"}), "auto_pad", "SAME_UPPER");
        }) == "  w: conv(3x3, 6)\n");
  CHECK(line([](OnnxModel& m) {
          m.weight("w", {4, 6});
          m.values("b", {6}, {1, 2, 3, 4, 5, 6});
          m.node("GlobalAveragePool", {"x"}, {"p"});
          m.node("Flatten", {"p"}, {"f"});
          m.node("MatMul", {"f", "w"}, {"m"});
          m.node("Add", {"b", "m"}, {"y"});
        }) == "  global_avg_pool\n  fc1: linear(6)\n");
  CHECK(line(
            [](OnnxModel& m) {
              m.weight("w", {5, 6});
              OnnxModel::with(m.node("Gemm", {"x", "w"}, {"y"}), "transB", int64_t{1});
            },
            vector) == "  fc1: linear(5, bias = false)\n");
  CHECK(line([](OnnxModel& m) {  // a matrix over all pixels is a window over the whole picture
          m.node("Flatten", {"x"}, {"f"});
          m.linear("f", "y", 256, 3);
        }) == "  y: conv(8x8, 3, pad = 0, bias = true)\n  global_avg_pool\n");
  CHECK(line([](OnnxModel& m) {
          OnnxModel::with(OnnxModel::with(m.node("MaxPool", {"x"}, {"y"}), "kernel_shape", Ints{3, 3}), "strides", Ints{2, 2});
        }) == "  max_pool(3x3, stride = 2)\n");
  CHECK(line([](OnnxModel& m) {
          OnnxModel::with(OnnxModel::with(m.node("AveragePool", {"x"}, {"y"}), "kernel_shape", Ints{2, 2}), "strides", Ints{2, 2});
        }) == "  avg_pool(2x2)\n");
  const auto pooled = [&](const char* op, const Ints& pads, int64_t ceil, int64_t count) {
    return line([&](OnnxModel& m) {
      onnx::NodeProto& pool = m.node(op, {"x"}, {"y"});
      OnnxModel::with(OnnxModel::with(OnnxModel::with(pool, "kernel_shape", Ints{3, 3}), "strides", Ints{2, 2}), "pads", pads);
      OnnxModel::with(OnnxModel::with(pool, "ceil_mode", ceil), "count_include_pad", count);
    });
  };
  CHECK(pooled("AveragePool", {1, 1, 1, 1}, 0, 0) == "  avg_pool(3x3, stride = 2, pad = 1, count_pad = false)\n");
  CHECK(pooled("AveragePool", {1, 1, 1, 1}, 1, 1) == "  avg_pool(3x3, stride = 2, pad = 1, ceil = true)\n");
  CHECK(pooled("AveragePool", {0, 0, 1, 1}, 1, 0) == "  avg_pool(3x3, stride = 2, pad = same, count_pad = false)\n");
  CHECK(pooled("AveragePool", {0, 0, 0, 0}, 1, 0) == "  avg_pool(3x3, stride = 2, ceil = true)\n");
  CHECK(pooled("MaxPool", {0, 1, 0, 0}, 1, 0) == "  max_pool(3x3, stride = 2, pad = [0, 1, 0, 0], ceil = true)\n");
  CHECK(pooled("MaxPool", {0, 0, 1, 1}, 1, 0) == "  max_pool(3x3, stride = 2, pad = same)\n");
  CHECK(line([](OnnxModel& m) { OnnxModel::with(m.node("MaxPool", {"x"}, {"y"}), "kernel_shape", Ints{8, 8}); }) == "  global_max_pool\n");
  CHECK(line([](OnnxModel& m) { m.node("GlobalMaxPool", {"x"}, {"y"}); }) == "  global_max_pool\n");
  CHECK(line([](OnnxModel& m) {
          OnnxModel::with(OnnxModel::with(m.node("ReduceMax", {"x"}, {"y"}), "axes", Ints{-1, 2}), "keepdims", int64_t{0});
        }) == "  global_max_pool\n");
  CHECK(line([](OnnxModel& m) {
          OnnxModel::with(m.node("AveragePool", {"x"}, {"p"}), "kernel_shape", Ints{8, 8});
          OnnxModel::with(m.node("Softmax", {"p"}, {"y"}), "axis", int64_t{1});
        }) == "  global_avg_pool\n  softmax\n");
  const auto transposed = [&](const Ints& pads, const Ints& more, bool bias) {
    return line([&](OnnxModel& m) {
      m.weight("y.weight", {4, 3, 4, 4});
      std::vector<std::string> inputs{"x", "y.weight"};
      if (bias) m.weight("y.bias", {6}), inputs.push_back("y.bias");
      auto& node = m.node("ConvTranspose", inputs, {"y"});
      OnnxModel::with(node, "strides", Ints{2, 2});
      OnnxModel::with(node, "group", int64_t{2});
      OnnxModel::with(node, "output_padding", more);
      OnnxModel::with(node, "pads", pads);
    });
  };
  CHECK(transposed({1, 1, 1, 1}, {0, 0}, false) == "  y: conv_transpose(4x4, 6, stride = 2, pad = 1, groups = 2)\n");
  CHECK(transposed({0, 1, 2, 1}, {1, 0}, true) ==
        "  y: conv_transpose(4x4, 6, stride = 2, pad = [0, 1, 2, 1], output_pad = [1, 0], groups = 2, bias = true)\n");
  const auto wide = [&](const Ints& weight, const auto& set) {
    return line([&](OnnxModel& m) {
      m.weight("y.weight", weight);
      auto& node = m.node("ConvTranspose", {"x", "y.weight"}, {"y"});
      OnnxModel::with(node, "strides", Ints{2, 2});
      set(node);
    });
  };
  const auto reason = [](const std::string& text) {  // after the node, before the way to it
    const size_t start = text.find("): "), end = text.find('\n');
    return start == std::string::npos || end == std::string::npos ? text : text.substr(start + 3, end - start - 3);
  };
  const auto with_auto_pad = [&](const Ints& weight, const char* value) {
    return wide(weight, [&](auto& node) { OnnxModel::with(node, "auto_pad", value); });
  };
  CHECK(with_auto_pad({4, 3, 3, 5}, "SAME_UPPER") == "  y: conv_transpose(3x5, 3, stride = 2, pad = [0, 1, 1, 2])\n");
  CHECK(with_auto_pad({4, 3, 3, 5}, "SAME_LOWER") == "  y: conv_transpose(3x5, 3, stride = 2, pad = [1, 2, 0, 1])\n");
  CHECK(with_auto_pad({4, 3, 3, 5}, "VALID") == "  y: conv_transpose(3x5, 3, stride = 2)\n");
  CHECK(reason(with_auto_pad({4, 3, 1, 2}, "SAME_UPPER")) == "its pads, output_padding, output_shape or auto_pad do not fit its picture");
  // 17 rows and columns are covered.
  const auto with_shape = [&](const Ints& shape) {
    return wide({4, 3, 3, 3}, [&](auto& node) { OnnxModel::with(node, "output_shape", shape); });
  };
  CHECK(with_shape({14, 16}) == "  y: conv_transpose(3x3, 3, stride = 2, pad = [2, 1, 1, 0])\n");
  CHECK(with_shape({17, 18}) == "  y: conv_transpose(3x3, 3, stride = 2, output_pad = [0, 1])\n");
  CHECK(reason(with_shape({17, 19})) == "output_pad = 0x2 is not less than stride = 2x2");
  CHECK(reason(with_shape({1, 3, 16, 16})) == "its pads, output_padding, output_shape or auto_pad do not fit its picture");
  CHECK(reason(wide({4, 3, 3, 3}, [](auto& node) { OnnxModel::with(node, "dilations", Ints{2, 1}); })) ==
        "resnetc has no transposed convolutions with dilations");
  CHECK(reason(wide({6, 3, 3, 3}, [](auto&) {})) == "its weight takes 6 channels in 1 groups, but there are 4");
  CHECK(reason(wide({4, 3, 3, 3}, [](auto& node) { OnnxModel::with(node, "group", int64_t{3}); })) ==
        "its weight takes 4 channels in 3 groups, but there are 4");
  CHECK(reason(wide({4, 3, 3}, [](auto&) {})) ==
        "its weight has 3 dimensions; resnetc has convolutions of pictures, whose weight has 4, and of lines, whose weight has 3");
  CHECK(reason(wide({4, 0, 3, 3}, [](auto&) {})) == "its weight makes too many channels or none");
  CHECK(reason(wide({4, 3, 3, 3}, [](auto& node) { OnnxModel::with(node, "pads", Ints{0, -1, 0, 0}); })) ==
        "its pads, output_padding, output_shape or auto_pad do not fit its picture");
  CHECK(line([](OnnxModel& m) {  // a sum with a constant is its bias; a vector is a picture of one pixel
          m.weight("w.weight", {4, 3, 2, 2});
          m.values("b", {1, 3, 1, 1}, {1, 2, 3});
          m.node("GlobalAveragePool", {"x"}, {"p"});
          m.node("ConvTranspose", {"p", "w.weight"}, {"w"});
          m.node("Add", {"w", "b"}, {"y"});
        }) == "  global_avg_pool\n  unflatten(4, 1)\n  w: conv_transpose(2x2, 3, bias = true)\n");
  CHECK(line([](OnnxModel& m) { OnnxModel::with(m.bn("x", "y", 4), "epsilon", 1e-3F); }) == "  y: batch_norm(eps = 0.001)\n");
  CHECK(line([](OnnxModel& m) {
          m.node("Relu", {"x"}, {"a"});
          m.node("Sigmoid", {"a"}, {"s"});
          m.node("Mul", {"s", "a"}, {"y"});
        }) == "  relu\n  silu\n");
}

TEST_CASE("import: a flat vector of a picture counts its elements") {
  OnnxModel m;
  m.input("x", {-1, 2, 2, 2});
  m.node("Flatten", {"x"}, {"f"});
  m.values("y.weight", {1, 8}, {0, 1, 2, 3, 4, 5, 6, 7});
  OnnxModel::with(m.node("Gemm", {"f", "y.weight"}, {"y"}), "transB", int64_t{1});
  m.output("y");
  Sources sources;
  const auto weights = weights_of(imported(m), sources);
  CHECK(weights->read("y.weight", {1, 2, 2, 2}) == std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("import: all operators without a layer are told at once, with the way to them") {
  OnnxModel m;
  m.input("image", {-1, 4, 8, 8});
  std::string at = "image";
  for (int i = 0; i < 9; ++i) {
    m.conv(at, "c" + std::to_string(i), {4, 4, 1, 1});
    at = "c" + std::to_string(i);
  }
  m.node("Strange", {at}, {"s"}, "odd").set_domain("mine");
  m.node("Relu", {at}, {"r"});
  m.node("LRN", {"r"}, {"l1"}, "norm1");
  m.node("LRN", {at}, {"l2"}, "norm2");
  m.node("Add", {"s", "l1"}, {"sum"});
  m.node("Add", {"sum", "l2"}, {"y"});
  m.output("y");
  const auto refused = m.import();
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().blame == Blame::limit);
  CHECK(refused.failure().text == R"('mine.Strange' (node 'odd', output 's'): resnetc has no layer for it yet
  it is reached by image -> c0_node -> c1_node -> (4 more) -> c6_node -> c7_node -> c8_node
'LRN' (node 'norm1', output 'l1'): resnetc has no layer for it yet (1 more like it)
  it is reached by image -> c0_node -> c1_node -> (5 more) -> c7_node -> c8_node -> r
--up-to NAME imports what lies before a value; 'c8' is the last before the first of these)");
  CHECK(text_of(m, {.up_to = "r"}).find("  c8: conv(1x1, 4)\n  relu\n  output r\n") != std::string::npos);
  CHECK(text_of(m, {.up_to = "norm1"}).starts_with("error: 'LRN'"));
  CHECK(text_of(m, {.up_to = "sun"}) == "error: --up-to: the model has no value or node 'sun'; did you mean 'sum'?");
}

TEST_CASE("import: the value that is suggested for --up-to can be an output, and its name is never shortened") {
  OnnxModel m;
  m.input("x", {-1, 3, 8, 8});
  const std::string name(90, 'c');
  m.weight("w", {4, 3, 1, 1});
  m.node("Conv", {"x", "w"}, {name});
  OnnxModel::with(m.node("Transpose", {name}, {"last"}), "perm", std::vector<int64_t>{0, 2, 3, 1});
  m.node("LRN", {"last"}, {"y"});
  m.output("y");
  CHECK(text_of(m).ends_with("'" + name + "' is the last before the first of these"));
  CHECK_FALSE(text_of(m, {.up_to = name}).starts_with("error"));
}

TEST_CASE("import: --up-to takes names that only say another one, as those of outputs") {
  OnnxModel m;
  m.input("x", {-1, 3, 8, 8});
  m.node("Relu", {"x"}, {"r"});
  m.node("Identity", {"r"}, {"out"});
  m.node("Sigmoid", {"out"}, {"s"});
  m.weight("w", {3});
  m.output("out");
  m.output("s");
  CHECK(text_of(m, {.up_to = "out"}).ends_with("  relu\n  output out\n}\n"));
  CHECK(text_of(m, {.up_to = "w"}) == "error: --up-to: 'w' does not depend on the input");
}

TEST_CASE("import: several outputs") {
  OnnxModel m = resnet();
  m.output("layer1.1.out");
  const std::string text = text_of(m);
  CHECK(text.ends_with("  output fc from fc\n  output layer1_1_out from layer1\n}\n"));  // in the model's order
  m.output("layer2.0.relu");                                                             // inside a block
  const std::string inside = text_of(m);
  INFO(inside);
  CHECK(inside.find("  output layer2_0_relu from relu1\n") != std::string::npos);
  OnnxModel apart = resnet();
  apart.node("Sigmoid", {"stem"}, {"away"});
  apart.output("away");
  const std::string two = text_of(apart);
  INFO(two);
  CHECK(two.ends_with("  fc: linear(10)\n  from relu1\n  sigmoid\n  output fc from fc\n  output away\n}\n"));
}

TEST_CASE("import: outputs of one value, and outputs of one name") {
  OnnxModel twice;
  twice.input("x", {1, 3, 8, 8});
  twice.conv("x", "c", {4, 3, 3, 3});
  twice.node("Relu", {"c"}, {"y"});
  twice.output("y");
  twice.output("y");
  CHECK(text_of(twice).ends_with("  output y from relu1\n  output y_2\n}\n"));
  OnnxModel made_up;  // the second name is that of a copy
  made_up.input("x", {1, 3, 8, 8});
  made_up.conv("x", "c", {4, 3, 3, 3});
  made_up.node("Relu", {"c"}, {"12"});
  made_up.node("Identity", {"12"}, {"13"});
  made_up.output("12");
  made_up.output("13");
  made_up.output("12");
  CHECK(text_of(made_up).ends_with("  output result from relu1\n  output result_2 from relu1\n  output result_3\n}\n"));
}

TEST_CASE("import: a far edge and a head beside the path hide no blocks") {
  // As models for segmentation read an early value at the end, and as GoogLeNet has a head in the middle.
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  std::string at = "x";
  for (int i = 0; i < 8; ++i) {
    const std::string n = "b" + std::to_string(i);
    m.conv(at, n + "_a", {8, 4, 3, 3}, 1, 1);
    m.node("Relu", {n + "_a"}, {n + "_relu"});
    m.conv(n + "_relu", n + "_b", {4, 8, 3, 3}, 1, 1);
    m.node("Add", {n + "_b", at}, {n});
    at = n;
  }
  m.conv("b5", "aux", {2, 4, 1, 1});
  m.conv("b2", "early", {4, 4, 1, 1});
  m.node("Add", {at, "early"}, {"y"});
  m.output("y");
  m.output("aux");
  CHECK(text_of(m) == R"(  stage stage1 { repeat 3 identity_block }
  stage stage2 { repeat 3 identity_block }
  stage stage3 { repeat 2 identity_block }

  skip from stage1 via early { conv(1x1, 4) }   sum1: here
  from stage2
  aux: conv(1x1, 2)
  output y from sum1
  output aux
}
)");
}

TEST_CASE("import: a stage has the model's name though a norm of its first block stands before it") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  std::string at = "x";
  for (const std::string part : {"low", "high"}) {
    const std::string name = part + ".first.";
    m.bn(at, name + "norm", 4);
    m.node("Relu", {name + "norm"}, {name + "relu"});
    for (const std::string& n : {part + ".first.", part + ".second."}) {
      const std::string from = n == name ? name + "relu" : at;
      m.conv(from, n + "a", {4, 4, 3, 3}, 1, 1);
      m.node("Relu", {n + "a"}, {n + "r"});
      m.conv(n + "r", n + "b", {4, 4, 3, 3}, 1, 1);
      m.node("Add", {n + "b", from}, {n + "sum"});
      at = n + "sum";
    }
    m.node("MaxPool", {at}, {part + "pool"});
    OnnxModel::with(*m.graph().mutable_node()->rbegin(), "kernel_shape", Ints{2, 2});
    at = part + "pool";
  }
  m.output(at);
  const std::string text = text_of(m);
  INFO(text);
  CHECK(text.find("  low_first_norm: batch_norm\n  relu\n\n  stage low { repeat 2 identity_block }\n") != std::string::npos);
}

TEST_CASE("import: values that are appended one after the other are made first") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  m.conv("x", "a", {4, 4, 3, 3}, 1, 1);
  m.conv("a", "b", {4, 4, 3, 3}, 1, 1);
  m.conv("b", "c", {4, 4, 3, 3}, 1, 1);
  OnnxModel::with(m.node("Concat", {"x", "a", "b", "c"}, {"y"}), "axis", int64_t{1});
  m.output("y");
  CHECK(text_of(m) == R"(  a: conv(3x3, 4)
  b: conv(3x3, 4)
  c: conv(3x3, 4)
  from x
  concat from a
  concat from b
  concat from c
  output y
}
)");
}

TEST_CASE("import: factors in which blocks differ become weights, and the others stay numbers") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  std::string at = "x";
  for (int i = 0; i < 3; ++i) {
    const std::string n = "blocks." + std::to_string(i);
    for (const auto& [name, by] : {std::pair(".gain", 0.25F * static_cast<float>(i + 1)), std::pair(".same", 1.5F)}) {
      m.values(n + name, {}, {by});
    }
    m.node("Mul", {at, n + ".gain"}, {n + ".by"});
    m.conv(n + ".by", n + ".conv", {4, 4, 3, 3}, 1, 1);
    m.node("Mul", {n + ".conv", n + ".same"}, {n + ".scaled"});
    m.node("Add", {n + ".scaled", at}, {n + ".sum"});
    at = n + ".sum";
  }
  m.output(at);
  const importer::Imported network = imported(m);
  CHECK(network.text == R"(# Imported from model.onnx.

block identity_block {
  scale1: scale
  conv1:  conv(3x3, 4)   multiply(1.5)
  skip from in
}

network model {
  input x: f32[N, 4, 8, 8]

  stage blocks { repeat 3 identity_block }

  output blocks_2_sum
}
)");
  Sources sources;
  const auto weights = weights_of(network, sources);
  CHECK(weights->read("blocks.1.scale1", {4}) == std::vector<double>(4, 0.5));
}

TEST_CASE("import: without names, a block without an edge is found by one that is like it") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  int count = 0;
  const auto conv = [&](const std::string& from, int64_t in, int64_t out, int64_t kernel, int64_t stride = 1) {
    const std::string value = std::to_string(++count);
    m.conv(from, value, {out, in, kernel, kernel}, stride, kernel / 2);
    return value;
  };
  const auto relu = [&](const std::string& from) {
    m.node("Relu", {from}, {from + "r"});
    return from + "r";
  };
  std::string at = relu(conv("x", 4, 4, 3));
  for (const int64_t width : {8, 16}) {
    at = conv(relu(conv(relu(conv(at, width / 2, 16, 1)), 16, 16, 3, 2)), 16, width, 1);
    const std::string inside = conv(relu(conv(relu(conv(at, width, 16, 1)), 16, 16, 3)), 16, width, 1);
    m.node("Add", {inside, at}, {inside + "sum"});
    at = inside + "sum";
  }
  m.output(at);
  for (auto& node : *m.graph().mutable_node()) node.clear_name();
  for (auto& tensor : *m.graph().mutable_initializer()) {
    const std::string name = "onnx::w_" + std::to_string(count++);
    for (auto& node : *m.graph().mutable_node()) {
      for (auto& input : *node.mutable_input()) input = input == tensor.name() ? name : input;
    }
    tensor.set_name(name);
  }
  const std::string text = text_of(m);
  INFO(text);
  CHECK(text.find("  stage stage1 { plain_block(8)  identity_block(8) }\n"
                  "  stage stage2 { plain_block(16)  identity_block(16) }\n") != std::string::npos);
}

TEST_CASE("import: values that are read in several places stand on the path, and 'from' leads back") {
  OnnxModel gate;
  gate.input("x", {-1, 4, 8, 8});
  gate.conv("x", "a", {4, 4, 1, 1});
  gate.conv("x", "b", {4, 4, 1, 1});
  gate.node("Mul", {"a", "b"}, {"y"});
  gate.output("y");
  CHECK(text_of(gate) == R"(  a: conv(1x1, 4)
  gate via b { from x  conv(1x1, 4) }
  output y
}
)");
  OnnxModel shared;
  shared.input("x", {-1, 4, 8, 8});
  shared.conv("x", "a", {4, 4, 3, 3}, 1, 1);
  shared.conv("a", "b", {4, 4, 3, 3}, 1, 1);
  shared.conv("b", "c", {4, 4, 3, 3}, 1, 1);
  shared.conv("x", "edge", {4, 4, 1, 1});
  shared.node("Add", {"c", "edge"}, {"sum"});
  shared.node("Add", {"sum", "edge"}, {"y"});
  shared.output("y");
  CHECK(text_of(shared) == R"(  a: conv(3x3, 4)
  b: conv(3x3, 4)
  c: conv(3x3, 4)
  from x
  edge: conv(1x1, 4)
  from c
  skip from edge
  skip from edge
  output y
}
)");
}

TEST_CASE("import: pairs of blocks repeat together, widths may be a multiple and more, sizes have parameters of their own") {
  OnnxModel m;
  m.input("x", {-1, 4, 16, 16});
  std::string at = "x";
  const auto slice = [&](const std::string& from, const std::string& name, int64_t begin, int64_t end) {
    m.ints(name + ".begin", {begin});
    m.ints(name + ".end", {end});
    m.ints(name + ".axis", {1});
    m.node("Slice", {from, name + ".begin", name + ".end", name + ".axis"}, {name});
  };
  for (const int64_t stage : {0, 1, 2}) {
    const int64_t width = 4 << stage;
    if (stage > 0) {
      m.conv(at, "down." + std::to_string(stage), {width, width / 2, 2, 2}, 2);
      at = "down." + std::to_string(stage);
    }
    for (const int64_t copy : {0, 1}) {
      const std::string name = "stages." + std::to_string(stage) + ".blocks." + std::to_string(copy);
      m.conv(at, name + ".focal.f", {2 * width + 3, width, 1, 1});
      slice(name + ".focal.f", name + ".focal.context", width, 2 * width);
      slice(name + ".focal.f", name + ".focal.map", 2 * width, 2 * width + 1);
      m.node("GlobalAveragePool", {name + ".focal.context"}, {name + ".focal.mean"});
      m.node("Mul", {name + ".focal.mean", name + ".focal.map"}, {name + ".focal.product"});
      m.node("Add", {name + ".focal.product", at}, {name + ".sum"});
      m.conv(name + ".sum", name + ".mlp.fc", {width, width, 1, 1});
      m.node("Relu", {name + ".mlp.fc"}, {name + ".relu"});
      m.node("Add", {name + ".relu", name + ".sum"}, {name + ".out"});
      at = name + ".out";
    }
  }
  m.output(at);
  CHECK(imported(m).text == R"(# Imported from model.onnx.

block identity_block(width, size) {
  conv1: conv(1x1, 2 * width + 3)   slice_channels(width, width)   global_avg_pool   unflatten(width, 1)
  upsample(size = size)
  gate via { from conv1  slice_channels(2 * width, 1) }
  skip from in
}

block identity_block_2(width) {
  conv1: conv(1x1, width)   relu
  skip from in
}

network model {
  input x: f32[N, 4, 16, 16]

  stage stages_0_blocks { repeat 2 { identity_block(4, 16)  identity_block_2(4) } }

  down_1: conv(2x2, 8, stride = 2)

  stage stages_1_blocks { repeat 2 { identity_block(8, 8)  identity_block_2(8) } }

  down_2: conv(2x2, 16, stride = 2)

  stage stages_2_blocks { repeat 2 { identity_block(16, 4)  identity_block_2(16) } }

  output stages_2_blocks_1_out
}
)");
}

TEST_CASE("import: blocks go back to earlier values") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  std::string at = "x";
  for (const std::string name : {"blocks.0", "blocks.1"}) {
    m.conv(at, name + ".left", {4, 4, 3, 3}, 1, 1);
    m.conv(at, name + ".right", {4, 4, 3, 3}, 1, 1);
    m.node("Relu", {name + ".left"}, {name + ".a"});
    m.node("Relu", {name + ".right"}, {name + ".b"});
    m.node("Add", {name + ".a", name + ".b"}, {name + ".sum"});
    m.node("GlobalAveragePool", {name + ".sum"}, {name + ".mean"});
    m.conv(name + ".mean", name + ".fc", {4, 4, 1, 1});
    m.node("Sigmoid", {name + ".fc"}, {name + ".s"});
    m.node("Mul", {name + ".a", name + ".s"}, {name + ".gated"});
    m.node("Add", {name + ".gated", name + ".b"}, {name + ".both"});
    m.node("Add", {name + ".both", at}, {name + ".out"});
    at = name + ".out";
  }
  m.output(at);
  CHECK(imported(m).text == R"(# Imported from model.onnx.

block identity_block {
  left: conv(3x3, 4)   relu1: relu
  from in
  right: conv(3x3, 4)   relu2: relu
  from relu1
  skip from relu2
  global_avg_pool
  fc: linear(4, bias = false)   sigmoid1: sigmoid
  from relu1
  gate via { from sigmoid1 }
  skip from relu2
  skip from in
}

network model {
  input x: f32[N, 4, 8, 8]

  stage blocks { repeat 2 identity_block }

  output blocks_1_out
}
)");
}
