/// \file Models that mix the pixels of each channel by matrices: rows of pixels, and their transposes.
#include <doctest/doctest.h>

#include "tests/unit/import/imports.h"

using namespace resnetc;
using namespace import_test;

namespace {

/// Adds a perceptron over the last dimension of `from`: `inner` features, then `outer`.
void perceptron(OnnxModel& m, const std::string& from, const std::string& name, int64_t outer, int64_t inner) {
  m.weight(name + ".fc1.weight", {outer, inner});
  m.weight(name + ".fc1.bias", {inner});
  m.weight(name + ".fc2.weight", {inner, outer});
  m.node("MatMul", {from, name + ".fc1.weight"}, {name + ".1"});
  m.node("Add", {name + ".1", name + ".fc1.bias"}, {name + ".2"});
  m.node("Gelu", {name + ".2"}, {name + ".3"});
  m.node("MatMul", {name + ".3", name + ".fc2.weight"}, {name});
}

}  // namespace

TEST_CASE("import: an MLP mixer, whose products sum over channels and over pixels in turn") {
  OnnxModel m;
  m.input("x", {-1, 3, 8, 12});
  m.conv("x", "stem", {16, 3, 4, 4}, 4);
  m.ints("shape", {-1, 16, 6});
  m.node("Reshape", {"stem", "shape"}, {"rows"});
  OnnxModel::with(m.node("Transpose", {"rows"}, {"b0"}), "perm", Ints{0, 2, 1});
  for (int i = 0; i < 2; ++i) {
    const std::string from = "b" + std::to_string(i), to = "b" + std::to_string(i + 1), name = "blocks." + std::to_string(i) + ".";
    for (const std::string norm : {"norm1", "norm2"}) {
      m.weight(name + norm + ".weight", {16});
      m.weight(name + norm + ".bias", {16});
    }
    m.node("LayerNormalization", {from, name + "norm1.weight", name + "norm1.bias"}, {name + "n1"});
    OnnxModel::with(m.node("Transpose", {name + "n1"}, {name + "t1"}), "perm", Ints{0, 2, 1});
    perceptron(m, name + "t1", name + "mlp_tokens", 6, 10);
    OnnxModel::with(m.node("Transpose", {name + "mlp_tokens"}, {name + "t2"}), "perm", Ints{0, 2, 1});
    m.node("Add", {from, name + "t2"}, {name + "sum"});
    m.node("LayerNormalization", {name + "sum", name + "norm2.weight", name + "norm2.bias"}, {name + "n2"});
    perceptron(m, name + "n2", name + "mlp_channels", 16, 64);
    m.node("Add", {name + "sum", name + "mlp_channels"}, {to});
  }
  OnnxModel::with(OnnxModel::with(m.node("ReduceMean", {"b2"}, {"y"}), "axes", Ints{1}), "keepdims", int64_t{0});
  m.output("y");
  m.proto.mutable_opset_import(0)->set_version(20);
  const std::string text = imported(m).text;
  CHECK(text.substr(text.find("block")) == R"(block identity_block {
  norm1:          layer_norm                   transpose
  mlp_tokens_fc1: conv(1x1, 10, bias = true)   gelu
  mlp_tokens_fc2: conv(1x1, 6)                 transpose
  skip from in
}

block identity_block_2 {
  norm2:            layer_norm
  mlp_channels_fc1: conv(1x1, 64, bias = true)   gelu
  mlp_channels_fc2: conv(1x1, 16)
  skip from in
}

network model {
  input x: f32[N, 3, 8, 12]

  stem: conv(4x4, 16, stride = 4, pad = 0)
  join_rows

  stage blocks { repeat 2 { identity_block  identity_block_2 } }

  global_avg_pool
  output y
}
)");
}

TEST_CASE("import: constants for each channel of transposed rows") {
  OnnxModel m;
  m.input("x", {-1, 4, 2, 3});
  m.ints("shape", {0, 4, 6});
  m.node("Reshape", {"x", "shape"}, {"rows"});
  m.weight("tokens.weight", {6, 6});
  m.node("MatMul", {"rows", "tokens.weight"}, {"mixed"});
  OnnxModel::with(m.node("Transpose", {"mixed"}, {"turned"}), "perm", Ints{0, 2, 1});
  m.weight("gamma", {4});
  m.node("Mul", {"gamma", "turned"}, {"scaled"});
  OnnxModel::with(m.node("Transpose", {"rows"}, {"last"}), "perm", Ints{0, 2, 1});
  m.weight("beta", {6, 1});
  m.node("Add", {"last", "beta"}, {"shifted"});
  m.node("Add", {"scaled", "shifted"}, {"sum"});
  OnnxModel::with(m.node("Transpose", {"sum"}, {"y"}), "perm", Ints{0, 2, 1});
  m.output("y");
  CHECK(text_of(m) == R"(  join_rows
  tokens:   transpose
  tokens_2: conv(1x1, 6)
  transpose
  scale1: scale
  skip from tokens via edge1 { bias  transpose }
  output y
}
)");
}

TEST_CASE("import: pixels of a row that are cut off and added") {
  OnnxModel m;
  m.input("x", {-1, 4, 8, 8});
  m.ints("shape", {0, 4, 64});
  m.ints("pads", {0, 0, 2, 0, 0, -3});
  m.ints("from", {1});
  m.ints("to", {60});
  m.ints("axis", {1});
  m.node("Reshape", {"x", "shape"}, {"row"});
  m.node("Pad", {"row", "pads"}, {"moved"});
  OnnxModel::with(m.node("Transpose", {"moved"}, {"last"}), "perm", Ints{0, 2, 1});
  m.node("Slice", {"last", "from", "to", "axis"}, {"part"});
  OnnxModel::with(m.node("Transpose", {"part"}, {"y"}), "perm", Ints{0, 2, 1});
  m.output("y");
  const std::string text = text_of(m);
  CHECK_MESSAGE(text.find("  join_rows\n  pad([0, 2, 0, -3])\n  pad([0, -1, 0, -3])\n  output y") != std::string::npos, text);
}

TEST_CASE("import: pixels of a row that are repeated") {
  for (const bool last : {false, true}) {
    OnnxModel m;
    m.input("x", {1, 4, 2, 8});
    m.ints("shape", {1, 4, 16});
    m.values("scales", {3}, last ? std::vector<float>{1, 3, 1} : std::vector<float>{1, 1, 3});
    m.node("Reshape", {"x", "shape"}, {"row"});
    if (last) OnnxModel::with(m.node("Transpose", {"row"}, {"last"}), "perm", Ints{0, 2, 1});
    m.node("Resize", {last ? "last" : "row", "", "scales"}, {last ? "long" : "y"});
    if (last) OnnxModel::with(m.node("Transpose", {"long"}, {"y"}), "perm", Ints{0, 2, 1});
    m.output("y");
    CHECK(text_of(m) == "  join_rows\n  upsample(factor = [1, 3])\n  output y\n}\n");
  }
}
