/// \file Inlined functions, chosen branches, and the arithmetic of constants.
#include <doctest/doctest.h>

#include "import/flatten.h"
#include "tests/unit/import/onnx_models.h"

using namespace resnetc;
using namespace import_test;
using importer::Dims;
using importer::Whole;

namespace {

Result<importer::flat::Graph> flattened(const OnnxModel& model, const importer::Settings& settings = {}, const std::string& up_to = "") {
  const auto read = importer::read_onnx_bytes(model.bytes(), {});
  REQUIRE(read);
  return importer::flatten(*read, settings, up_to);
}

std::string flatten_failure(const OnnxModel& model, const importer::Settings& settings = {}) {
  const auto flat = flattened(model, settings);
  return flat ? "no failure" : flat.failure().text;
}

/// The value of a model's output, which must be constant.
importer::Tensor constant_output(OnnxModel& model, const std::string& name) {
  model.output(name);
  const auto flat = flattened(model);
  REQUIRE_MESSAGE(flat, (flat ? "" : flat.failure().text));
  REQUIRE(flat->value(flat->outputs[0].second).constant != nullptr);
  return *flat->value(flat->outputs[0].second).constant;
}

std::vector<double> reals(const importer::Tensor& t) {
  std::vector<double> values;
  for (size_t i = 0; i < t.size(); ++i) values.push_back(t.real(i));
  return values;
}

onnx::TensorProto with_truth(const std::string& name) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::BOOL);
  tensor.add_int32_data(1);
  return tensor;
}

OnnxModel picture(const Ints& dims = {-1, 3, 8, 6}) {
  OnnxModel model;
  model.input("x", dims);
  return model;
}

}  // namespace

TEST_CASE("import: whole numbers may depend on the batch") {
  const Whole n{0, 1};
  CHECK(*importer::times(n, {6, 0}) == Whole{0, 6});
  CHECK_FALSE(importer::times(n, n).has_value());
  CHECK(*importer::divided({0, 6}, {3, 0}) == Whole{0, 2});
  CHECK(*importer::divided({0, 6}, n) == Whole{6, 0});
  CHECK_FALSE(importer::divided({0, 5}, {3, 0}).has_value());
  CHECK_FALSE(importer::plus({INT64_MAX, 0}, {1, 0}).has_value());
  CHECK_FALSE(importer::divided({INT64_MIN, 0}, {-1, 0}).has_value());
  CHECK(importer::shown(Dims{n, {3, 0}, {1, 2}}) == "[N, 3, 2 * N + 1]");
}

TEST_CASE("import: the arithmetic of shapes, with the batch open") {
  OnnxModel m = picture();
  m.node("Shape", {"x"}, {"shape"});
  m.ints("zero", {0}, true);
  m.node("Gather", {"shape", "zero"}, {"batch"});
  m.ints("axes", {0});
  m.node("Unsqueeze", {"batch", "axes"}, {"batch1"});
  m.ints("minus", {-1});
  OnnxModel::with(m.node("Concat", {"batch1", "minus"}, {"target"}), "axis", int64_t{0});
  m.node("Reshape", {"x", "target"}, {"row"});
  m.output("row");
  const auto flat = flattened(m);
  REQUIRE(flat);
  CHECK(flat->nodes.size() == 1);
  CHECK(importer::shown(*flat->value(flat->outputs[0].second).dims) == "[N, 144]");
}

TEST_CASE("import: operators on constants") {
  OnnxModel m = picture();
  m.values("a", {2, 3}, {1, 2, 3, 4, 5, 6});
  m.values("b", {3}, {10, 20, 30});
  SUBCASE("spread") {
    m.node("Add", {"a", "b"}, {"y"});
    CHECK(reals(constant_output(m, "y")) == std::vector<double>{11, 22, 33, 14, 25, 36});
  }
  SUBCASE("transposed") {
    m.node("Transpose", {"a"}, {"y"});
    const importer::Tensor y = constant_output(m, "y");
    CHECK(y.shape == Ints{3, 2});
    CHECK(reals(y) == std::vector<double>{1, 4, 2, 5, 3, 6});
  }
  SUBCASE("a part, backwards") {
    m.ints("s", {-1});
    m.ints("e", {INT64_MIN});
    m.ints("axis", {1});
    m.ints("step", {-2});
    m.node("Slice", {"a", "s", "e", "axis", "step"}, {"y"});
    CHECK(reals(constant_output(m, "y")) == std::vector<double>{3, 1, 6, 4});
  }
  SUBCASE("rows") {
    m.ints("i", {-1, 0});
    m.node("Gather", {"a", "i"}, {"y"});
    CHECK(reals(constant_output(m, "y")) == std::vector<double>{4, 5, 6, 1, 2, 3});
  }
  SUBCASE("joined") {
    OnnxModel::with(m.node("Concat", {"a", "a"}, {"y"}), "axis", int64_t{1});
    CHECK(reals(constant_output(m, "y")) == std::vector<double>{1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6});
  }
  SUBCASE("split") {
    OnnxModel::with(m.node("Split", {"a"}, {"p", "y", "q"}), "axis", int64_t{1});
    CHECK(reals(constant_output(m, "y")) == std::vector<double>{2, 5});
  }
  SUBCASE("summed in float64") {
    OnnxModel::with(OnnxModel::with(m.node("ReduceMean", {"a"}, {"y"}), "axes", Ints{1}), "keepdims", int64_t{0});
    CHECK(reals(constant_output(m, "y")) == std::vector<double>{2, 5});
  }
  SUBCASE("standardised, as weights are") {
    OnnxModel::with(m.node("ReduceMean", {"a"}, {"mean"}), "axes", Ints{1});
    m.node("Sub", {"a", "mean"}, {"centred"});
    m.node("Mul", {"centred", "centred"}, {"squares"});
    OnnxModel::with(m.node("ReduceMean", {"squares"}, {"variance"}), "axes", Ints{1});
    m.node("Sqrt", {"variance"}, {"deviation"});
    m.node("Div", {"centred", "deviation"}, {"y"});
    const auto y = reals(constant_output(m, "y"));
    CHECK(y[0] == doctest::Approx(-std::sqrt(1.5)).epsilon(1e-15));
    CHECK(y[5] == doctest::Approx(std::sqrt(1.5)).epsilon(1e-15));
  }
  SUBCASE("standardised by a batch norm over its own statistics") {
    m.values("w", {1, 2, 3}, {1, 2, 3, 40, 50, 60});
    m.values("scale", {2}, {1, 2});
    m.values("shift", {2}, {0, 5});
    m.values("zero", {2}, {0, 0});
    auto& norm = m.node("BatchNormalization", {"w", "scale", "shift", "zero", "zero"}, {"y", "m", "v"});
    OnnxModel::with(OnnxModel::with(norm, "training_mode", int64_t{1}), "epsilon", 0.0F);
    const auto y = reals(constant_output(m, "y"));
    CHECK(y[0] == doctest::Approx(-std::sqrt(1.5)).epsilon(1e-15));
    CHECK(y[4] == 5);
    CHECK(y[5] == doctest::Approx(5 + 2 * std::sqrt(1.5)).epsilon(1e-15));
  }
  SUBCASE("a batch norm with given statistics") {
    m.values("w", {1, 2}, {7, 9});
    m.values("one", {2}, {1, 1});
    m.values("mean", {2}, {5, 1});
    m.values("variance", {2}, {4, 16});
    OnnxModel::with(m.node("BatchNormalization", {"w", "one", "mean", "mean", "variance"}, {"y"}), "epsilon", 0.0F);
    CHECK(reals(constant_output(m, "y")) == std::vector<double>{6, 3});
  }
  SUBCASE("bounded") {
    m.values("low", {}, {2});
    m.values("high", {1}, {20});
    m.node("Clip", {"b", "low", "high"}, {"y"});
    CHECK(reals(constant_output(m, "y")) == std::vector<double>{10, 20, 20});
  }
  SUBCASE("bounded on one side") {
    m.values("low", {}, {20});
    m.node("Clip", {"b", "low", ""}, {"y"});
    CHECK(reals(constant_output(m, "y")) == std::vector<double>{20, 20, 30});
  }
  SUBCASE("filled, counted and chosen") {
    m.ints("n", {3});
    m.node("ConstantOfShape", {"n"}, {"zeros"});
    m.node("Equal", {"zeros", "zeros"}, {"same"});
    m.node("Where", {"same", "b", "zeros"}, {"y"});
    CHECK(reals(constant_output(m, "y")) == std::vector<double>{10, 20, 30});
  }
  SUBCASE("a range") {
    m.ints("from", {1}, true);
    m.ints("to", {8}, true);
    m.ints("by", {3}, true);
    m.node("Range", {"from", "to", "by"}, {"y"});
    CHECK(reals(constant_output(m, "y")) == std::vector<double>{1, 4, 7});
  }
  SUBCASE("multiplied as matrices") {
    m.values("v", {3}, {1, 0, -1});
    m.values("u", {2}, {1, -1});
    m.node("MatMul", {"a", "v"}, {"av"});
    CHECK(reals(constant_output(m, "av")) == std::vector<double>{-2, -2});
    m.graph().clear_output();
    m.node("MatMul", {"u", "a"}, {"ua"});
    CHECK(reals(constant_output(m, "ua")) == std::vector<double>{-3, -3, -3});
    m.graph().clear_output();
    m.node("Transpose", {"a"}, {"at"});
    m.node("MatMul", {"a", "at"}, {"square"});
    const importer::Tensor square = constant_output(m, "square");
    CHECK(square.shape == Ints{2, 2});
    CHECK(reals(square) == std::vector<double>{14, 32, 32, 77});
    m.graph().clear_output();
    m.node("MatMul", {"v", "v"}, {"length"});
    const importer::Tensor length = constant_output(m, "length");
    CHECK(length.shape.empty());
    CHECK(reals(length) == std::vector<double>{2});
  }
  SUBCASE("multiplied by a Gemm") {
    auto& gemm = m.node("Gemm", {"a", "a", "c"}, {"y"});
    m.values("c", {3}, {100, 200, 300});
    OnnxModel::with(OnnxModel::with(OnnxModel::with(gemm, "transA", int64_t{1}), "alpha", 2.0F), "beta", 0.5F);
    const importer::Tensor y = constant_output(m, "y");
    CHECK(y.shape == Ints{3, 3});
    CHECK(reals(y) == std::vector<double>{2 * 17 + 50, 2 * 22 + 100, 2 * 27 + 150,  //
                                          2 * 22 + 50, 2 * 29 + 100, 2 * 36 + 150,  //
                                          2 * 27 + 50, 2 * 36 + 100, 2 * 45 + 150});
  }
  SUBCASE("whole numbers and truths of reals") {
    OnnxModel::with(m.node("Cast", {"b"}, {"whole"}), "to", int64_t{7});
    m.ints("seven", {7});
    m.node("Mod", {"whole", "seven"}, {"y"});
    CHECK(reals(constant_output(m, "y")) == std::vector<double>{3, 6, 2});
  }
}

TEST_CASE("import: constants that do not fit are left to what reports them") {
  OnnxModel m = picture();
  m.values("a", {2}, {1, 2});
  m.values("b", {3}, {1, 2, 3});
  m.ints("huge", {1 << 20, 1 << 20});
  m.node("Add", {"a", "b"}, {"sum"});
  m.node("ConstantOfShape", {"huge"}, {"filled"});
  m.node("MatMul", {"a", "b"}, {"product"});
  m.weight("long", {3000, 1});
  m.weight("wide", {1, 3000});
  m.node("MatMul", {"long", "wide"}, {"too much"});
  m.ints("tall", {1 << 20, 0});
  m.ints("broad", {0, 1 << 20});
  m.node("ConstantOfShape", {"tall"}, {"none"});
  m.node("ConstantOfShape", {"broad"}, {"nothing"});
  m.node("MatMul", {"none", "nothing"}, {"zeros"});
  m.output("sum").output("filled").output("product").output("too much").output("zeros");
  const auto flat = flattened(m);
  REQUIRE(flat);
  for (const auto& [name, value] : flat->outputs) CHECK(flat->value(value).constant == nullptr);
}

TEST_CASE("import: functions and branches are inlined, Identity and Dropout vanish") {
  OnnxModel m = picture();
  onnx::FunctionProto& function = *m.proto.add_functions();
  function.set_domain("mine");
  function.set_name("Twice");
  function.add_input("in");
  function.add_output("out");
  function.add_attribute("slope");
  OnnxModel::add_node(*function.add_node(), "Relu", {"in"}, {"inner"});
  auto& leaky = OnnxModel::add_node(*function.add_node(), "LeakyRelu", {"inner"}, {"out"});
  auto& reference = *leaky.add_attribute();
  reference.set_name("alpha");
  reference.set_ref_attr_name("slope");
  reference.set_type(onnx::AttributeProto::FLOAT);
  m.node("Identity", {"x"}, {"same"});
  m.node("Dropout", {"same"}, {"kept", "mask"});
  OnnxModel::with(m.node("Twice", {"kept"}, {"twice"}), "slope", 0.5F).set_domain("mine");
  m.graph().add_initializer()->CopyFrom(with_truth("yes"));
  auto& choice = m.node("If", {"yes"}, {"chosen"});
  for (const char* name : {"then_branch", "else_branch"}) {
    auto& a = *choice.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::GRAPH);
    OnnxModel::add_node(*a.mutable_g()->add_node(), std::string(name) == "then_branch" ? "Sigmoid" : "Tanh", {"twice"}, {"b"});
    a.mutable_g()->add_output()->set_name("b");
  }
  m.output("chosen");
  const auto flat = flattened(m);
  REQUIRE_MESSAGE(flat, (flat ? "" : flat.failure().text));
  REQUIRE(flat->nodes.size() == 3);
  CHECK(flat->nodes[0].op == "Relu");
  CHECK(flat->nodes[0].inputs[0] == flat->input);
  CHECK(importer::flat::real(flat->nodes[1], "alpha", 0) == 0.5);
  CHECK(flat->nodes[2].op == "Sigmoid");
  CHECK(flat->value(flat->outputs[0].second).name == "chosen");

  OnnxModel::add_node(*function.add_node(), "Twice", {"inner"}, {"more"}).set_domain("mine");
  CHECK(flatten_failure(m) == "'Twice' (output 'more'): the model's functions call one another without end");
}

TEST_CASE("import: what is wrong with a graph is told with the node's name") {
  OnnxModel cycle = picture();
  cycle.node("Add", {"x", "b"}, {"a"}, "first");
  cycle.node("Relu", {"a"}, {"b"}, "second");
  cycle.output("b");
  CHECK(flatten_failure(cycle) ==
        "'Add' (node 'first', output 'a') reads 'b', which no weight, input or earlier node makes: the model has a cycle, or a part is "
        "missing");
  OnnxModel loop = picture();
  loop.node("Loop", {"x"}, {"y"}, "l");
  CHECK(flatten_failure(loop) ==
        "'Loop' (node 'l', output 'y') repeats a part of the network; a network is imported without loops: unroll it in "
        "the export");
  OnnxModel lost = picture();
  lost.output("nothing");
  CHECK(flatten_failure(lost) == "nothing makes the output 'nothing'");
  OnnxModel two = picture();
  two.input("z", {1, 2});
  two.node("Add", {"x", "z"}, {"y"});
  CHECK(flatten_failure(two) == "the model has 2 inputs: 'x', 'z'; a network has one: export it with the values of the others");
  OnnxModel bytes;
  bytes.input("x", {1, 3, 8, 8}, onnx::TensorProto::UINT8);
  CHECK(flatten_failure(bytes) == "the input 'x' has the type UINT8; a network takes floats: export the model with an input of floats");
}

TEST_CASE("import: open dimensions are given by the model's names or by ours") {
  const OnnxModel open = picture({-1, 3, -1, -1}).output("x");
  CHECK(flatten_failure(open) == "the input 'x' has open dimensions: give them with '--set d2=...', '--set d3=...'");
  CHECK(flatten_failure(open, {{"d2", 32}, {"width", 16}}) == "no failure");
  OnnxModel unnamed = picture({-1, 3, -1, -1}).output("x");
  for (int i : {2, 3}) {
    unnamed.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(i)->set_dim_param("?");
  }
  CHECK(flatten_failure(unnamed) == "the input 'x' has open dimensions: give them with '--set height=...', '--set width=...'");
  for (int i : {2, 3}) {  // as tf2onnx does
    auto& dim = *unnamed.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(i);
    dim.set_dim_param("unk__198" + std::to_string(i));
  }
  CHECK(flatten_failure(unnamed) == "the input 'x' has open dimensions: give them with '--set height=...', '--set width=...'");
  CHECK(flatten_failure(unnamed, {{"unk__1982", 32}, {"width", 16}}) == "no failure");
  CHECK(flatten_failure(open, {{"d2", 32}, {"d3", 16}, {"d5", 1}}) ==
        "--set d5: the input 'x' has no such dimension; it has N, channels, height, width, d0, d2, d3");
  CHECK(flatten_failure(open, {{"channels", 4}}) ==
        "--set channels: the input 'x' has channels = 3 in the model, which --set cannot change: import it, then change the text's input "
        "line");
  CHECK(flattened(open, {{"d2", 32}, {"d3", 16}, {"N", 1}})->batch == Whole{1, 0});
  CHECK(flatten_failure(open, {{"d2", 32}, {"d3", 16}, {"d0", 2}}) ==
        "--set d0: the batch stays open in a network, so only 1 may be given");
  CHECK(flatten_failure(open, {{"d2", 32}, {"height", 32}, {"d3", 16}}) ==
        "--set: 'd2' and 'height' are the same dimension of the input 'x'");
  CHECK(flatten_failure(open, {{"d2", int64_t{1} << 40}, {"d3", 1}}) ==
        "the input 'x' has a dimension of 1099511627776; at least 1 and at most 268435456 are possible");
  OnnxModel square = picture({-1, -1, -1, -1}).output("x");
  for (int i : {1, 2, 3}) {
    square.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(i)->set_dim_param(i == 1 ? "c"
                                                                                                                                  : "s");
  }
  CHECK(flatten_failure(square) == "the input 'x' has open dimensions: give them with '--set c=...', '--set s=...'");
  // Keras's, whose channels come last.
  const OnnxModel last = picture({-1, -1, -1, 3}).output("x");
  CHECK(flattened(last, {{"height", 32}, {"width", 16}})->value(0).dims == Dims{{0, 1}, {32, 0}, {16, 0}, {3, 0}});
  CHECK(flatten_failure(last, {{"height", 32}, {"channels", 16}}) ==
        "--set channels: the input 'x' has channels = 3 in the model, which --set cannot change: import it, then change the text's input "
        "line");
}
