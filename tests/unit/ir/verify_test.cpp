/// \file The verifiers find each fault that is planted in a good IR's text or in the IR itself.
#include <fmt/format.h>

#include "tests/unit/ir/samples.h"

using namespace resnetc;
using namespace ir_test;

namespace {

constexpr std::string_view fault_prefix = "this IR is not valid: ";

template <class Parse>
std::string fault_of(Parse parse, std::string_view text, std::string_view from, std::string_view to) {
  std::string error = first_error(parse, replaced(text, from, to));
  if (error.starts_with(fault_prefix)) error.erase(0, fault_prefix.size());
  return error;
}

template <class Ir, class Parse>
Ir sample(Parse parse, std::string_view text) {
  Sources sources;
  Diagnostics diagnostics(sources);
  auto ir = parse(sources.add("t.ir", std::string(text)), diagnostics);
  REQUIRE_MESSAGE(ir, diagnostics.render());
  return *ir;
}

}  // namespace

TEST_CASE("a fault that the verifier finds is reported where its part begins") {
  /// From there to the end of the line.
  const auto place = [](auto parse, std::string_view text, std::string_view from, std::string_view to) {
    Sources sources;
    Diagnostics diagnostics(sources);
    const FileId file = sources.add("t.ir", replaced(text, from, to));
    CHECK(!parse(file, diagnostics));
    const Location at = diagnostics.all()[0].at;
    const std::string_view rest = sources.line(file, at.line).substr(static_cast<size_t>(at.column) - 1);
    return std::string(rest.substr(0, rest.find(' ')));
  };
  CHECK(place(topology::parse, topology_text, "topology \"net\"", "topology \"a b\"") == "topology");
  CHECK(place(topology::parse, topology_text, "weights=\"bn1\"", "weights=\"conv1\"") == "%bn1");
  CHECK(place(topology::parse, topology_text, "f32[N, 32, 4, 4] @ \"blocks.rn\":3:3+4", "f32[N, 33, 4, 4] @ \"blocks.rn\":3:3+4") ==
        "%layer1.0.skip");
  CHECK(place(topology::parse, topology_text, "  output \"logits\"", "  output \"features\"") == "\"features\"");
  CHECK(place(topology::parse, topology_text, "1e-20", "0") == "%image");
  CHECK(place(graph::parse, graph_text, ": f32[N, 16, 4, 4]", ": f32[N, 16, 4, 5]") == "%max");
  CHECK(place(graph::parse, graph_text, "output \"logits\"", "output \"features\"") == "\"features\"");
  CHECK(place(program::parse, program_text, "vectors=2 pixels=16", "vectors=9 pixels=1") == "schedule");
  CHECK(place(program::parse, program_text, "target \"avx2\"", "target \"cuda\"") == "schedule");
  CHECK(place(program::parse, program_text, "weight @2", "weight @3") == "\"conv2\"");
  CHECK(place(program::parse, program_text, "at 4160", "at 4161") == "%fc");
  CHECK(place(program::parse, program_text, "at 1728", "at 1792") == "@1");
  CHECK(place(program::parse, program_text, "then add(%conv1)",
              "then bias(@1), bias(@1), bias(@1), bias(@1), bias(@1), bias(@1), affine(@1, @1), affine(@1, @1), affine(@1, @1), affine(@1, "
              "@1)") == "\"sum\"");
  CHECK(place(program::parse, program_text, "output \"logits\" :", "output \"features\" :") == "\"features\"");
  CHECK(place(program::parse, program_text, "kernel \"features\" store in %sum output 0", "kernel \"logits\" store in %fc output 1") ==
        "\"logits\"");
  // The same holds for faults of the memory plan.
  CHECK(place(program::parse, program_text, "halo=0x0 at 4096\n  tensor %sum", "halo=0x0 at 0\n  tensor %sum") == "\"conv2\"");
  CHECK(place(program::parse, program_text, "arena 26560", "arena 26496") == "%image");
}

TEST_CASE("the verifier of topologies finds each fault") {
  const auto fault = [](std::string_view from, std::string_view to) { return fault_of(topology::parse, topology_text, from, to); };
  CHECK(fault("topology \"net\"", "topology \"a b\"") == "the network's name 'a b' is not a C identifier");
  CHECK(fault("topology \"net\"", "topology \"\"") == "the network's name '' is not a C identifier");
  CHECK(fault("std (0.1, 0.2, 1e-20)", "std (0.1, 0.2)") == "the input has 2 deviations for 3 channels");
  CHECK(fault("mean (0.485, 0.456, 0.406)", "mean (0.485)") == "the input has 1 means for 3 channels");
  CHECK(fault(" std (0.1, 0.2, 1e-20)", "") == "read");
  std::string many = " std (1";
  for (int i = 0; i < 256; ++i) many += ", 1";
  CHECK(fault(" std (0.1, 0.2, 1e-20", many) == "the input has 257 deviations, more than 256");
  CHECK(fault("u8[N, 3, 8, 8] channels_last", "f32[N, 3, 8, 8]") == "the input has means, which only one of u8 has");
  CHECK(fault("1e-20", "0") == "a deviation of the input is zero or not finite");
  CHECK(fault("u8[N, 3, 8, 8] channels_last", "u8[N, 3] channels_last") == "there is no kernel that loads channels_last u8[N, 3]");
  CHECK(fault("u8[N, 3, 8, 8] channels_last", "u8[N, 3, 8, 8]") == "there is no kernel that loads planar u8[N, 3, 8, 8]");
  CHECK(fault("u8[N, 3, 8, 8] channels_last", "f32[N, 3, 8, 8] channels_last") ==
        "there is no kernel that loads channels_last f32[N, 3, 8, 8]");
  for (const char* element : {"bf16", "f16", "i8", "i32"}) {
    CHECK(fault("u8[N, 3, 8, 8]", fmt::format("{}[N, 3, 8, 8]", element)) ==
          fmt::format("there is no kernel that loads channels_last {}[N, 3, 8, 8]", element));
  }
  CHECK(fault("f32[N, 16, 8, 8] @", "f32[N, 16, 8, 9] @") ==
        "conv2d 'conv1': its type is f32[N, 16, 8, 9] where the operation makes f32[N, 16, 8, 8]");
  CHECK(fault(" weights=\"conv1\"", "") == "conv2d 'conv1': its weights have no name");
  CHECK(fault("weights=\"bn1\"", "weights=\"conv1\"") == "batch_norm 'bn1': another layer has the weights 'conv1'");
  CHECK(fault("sigmoid(%layer1.0.fc)", "sigmoid(%layer1.0.fc) weights=\"x\"") ==
        "sigmoid 'layer1.0.sigmoid': it names weights and has none");
  CHECK(fault("eps=0.001", "eps=0.001 bias=true") == "batch_norm 'bn1': batch_norm has an attribute that is not its own");
  CHECK(fault("bias=true weights=\"conv1\"", "bias=true affine=false weights=\"conv1\"") ==
        "conv2d 'conv1': conv2d has an attribute that is not its own");
  CHECK(fault("eps=0.001", "eps=0.001 channels=3") == "batch_norm 'bn1': batch_norm has an attribute that is not its own");
  CHECK(fault("sigmoid(", "affine(").starts_with("unknown operation 'affine'; known are skip, concat, gate, conv2d, "));
  CHECK(fault("f32[N, 32, 4, 4] @ \"blocks.rn\":3:3+4", "f32[N, 33, 4, 4] @ \"blocks.rn\":3:3+4") ==
        "'layer1.0.skip' has another type than the value it changes");
  CHECK(fault("  output \"logits\"", "  output \"features\"") == "two outputs have the name 'features'");
  CHECK(fault("stage \"layer1\"", "stage \"\"") == "a block or stage has no path");

  using topology::Network;
  const Network good = sample<Network>(topology::parse, topology_text);
  const auto after = [&good](auto change) {
    Network net = good;
    change(net);
    return what(topology::verify(net));
  };
  CHECK(after([](Network&) {}) == "none");
  CHECK(after([](Network& n) { n.values.push_back({"dead", {}, {}}); }) == "nothing makes the value 'dead'");
  CHECK(after([](Network& n) { n.values[2].name = n.values[1].name; }) == "two values have the name 'conv1'");
  CHECK(after([](Network& n) { n.body[1].result = 1; }) == "the value 'conv1' is made twice");
  CHECK(after([](Network& n) { n.body[1].result = 1000; }) == "a result is not a value of the network");
  CHECK(after([](Network& n) { n.body[1].input = 0; }) == "a node does not start at 'conv1', the value that stands there");
  CHECK(after([](Network& n) { n.body[2].result = 0; }) == "'layer1' does not result in its last value");
  CHECK(after([](Network& n) { n.body[2].children[0].children[1].from = 9; }) == "an edge starts at a value that is not defined before it");
  CHECK(after([](Network& n) { n.body[2].children[0].children[1].list_result = 0; }) ==
        "the list of an edge does not result in its last value");
  CHECK(after([](Network& n) { n.body[7].from = 19; }) == "a 'from' goes back to a value that is not defined before it");
  CHECK(after([](Network& n) { n.body[7].result = 0; }) == "a 'from' does not result in 'b.skip'");
  CHECK(after([](Network& n) { n.body[7].children.push_back(n.body[1]); }) == "a 'from' has children");
  CHECK(after([](Network& n) { n.body[0].children.push_back(n.body[1]); }) == "a layer conv2d has children");
  CHECK(after([](Network& n) { n.outputs.clear(); }) == "the network has no output");
  CHECK(after([](Network& n) { n.outputs[0].value = -1; }) == "output 'features' names no value");
  CHECK(after([](Network& n) { n.input.value = 77; }) == "a result is not a value of the network");
}

TEST_CASE("the verifier of topologies knows the type of a concat edge") {
  const auto fault = [](std::string_view edge, std::string_view type) {
    const std::string text = fmt::format(
        "topology \"net\" {{\n  input %x as \"x\" : f32[N, 3, 8, 9]\n"
        "  %pool = max_pool(%x) kernel=2x2 stride=2x2 : f32[N, 3, 4, 4]\n"
        "  %mean = global_avg_pool(%pool) : f32[N, 3]\n  from %x as \"in\"\n  %a = relu(%x) : ?\n  from %x as \"in\"\n"
        "  %c = {} : {}\n  output \"y\" %c\n}}\n",
        edge, type);
    return fault_of(topology::parse, text, "", "");
  };
  CHECK(fault("concat(%x, %x) as \"in\"", "f32[N, 6, 8, 9]") == "read");
  CHECK(fault("concat(%x, %x) as \"in\"", "?") == "read");
  CHECK(fault("concat(%x, %x) as \"in\"", "f32[N, 3, 8, 9]") ==
        "concat 'c': its type is f32[N, 3, 8, 9] where the edge makes f32[N, 6, 8, 9]");
  CHECK(fault("concat spread(%x, %mean) as \"mean\"", "f32[N, 6, 8, 9]") == "read");
  CHECK(fault("concat(%x, %mean) as \"mean\"", "f32[N, 6, 8, 9]") ==
        "concat 'c': concat of f32[N, 3, 8, 9] needs a value of the same height and width, not f32[N, 3]");
  CHECK(fault("concat spread(%x, %pool) as \"pool\"", "f32[N, 6, 8, 9]") ==
        "concat 'c': f32[N, 3, 4, 4] does not fit f32[N, 3, 8, 9] where it is to be spread");
  CHECK(fault("concat(%x, %a) as \"a\"", "f32[N, 6, 8, 9]") == "concat 'c': its type is known, but not those of its ends");
  CHECK(fault("skip spread(%x, %mean) as \"mean\"", "f32[N, 3, 8, 9]") == "read");
  CHECK(fault("gate spread(%x)", "?") == "expected '('");
}

TEST_CASE("the verifier of graphs finds each fault") {
  const auto fault = [](std::string_view from, std::string_view to) { return fault_of(graph::parse, graph_text, from, to); };
  CHECK(fault("graph \"net\"", "graph \"1net\"") == "the network's name '1net' is not a C identifier");
  CHECK(fault(": f32[N, 16, 4, 4]", ": f32[N, 16, 4, 5]") ==
        "max_pool 'max': its type is f32[N, 16, 4, 5] where the operation makes f32[N, 16, 4, 4]");
  CHECK(fault("weight = tensor(\"bn.weight\", [16])", "weight = tensor(\"bn.weight\", [4, 4])") ==
        "batch_norm 'bn': its weight has shape [4, 4] where [16] is needed");
  CHECK(fault("fill(2, [16])", "fill(2, [17])") == "affine 'affine': its scale has shape [17] where [16] is needed");
  CHECK(fault("shift = tensor(\"t\", [16])", "shift = tensor(\"t\", [15])") ==
        "conv2d 'conv1': its shift has shape [15] where [16] is needed");
  CHECK(fault("then add(%bn)", "then add(%image)") ==
        "add 'add': add of f32[N, 16, 8, 8] needs the same type, f32[N, 16] or f32[N, 1, 8, 8], not f32[N, 3, 8, 8]");
  CHECK(fault("then mul(%pool)", "then mul(%image)") ==
        "mul 'mul': mul of f32[N, 16, 8, 8] needs the same type, f32[N, 16] or f32[N, 1, 8, 8], not f32[N, 3, 8, 8]");
  CHECK(fault("add(%affine, %conv1)", "add(%affine)") == "add 'add': add takes 2 operands, not 1");
  CHECK(fault("max_pool(%mul)", "max_pool()") == "max_pool 'max': max_pool takes 1 operand, not 0");
  CHECK(fault("softmax(%fc)", "softmax(%fc) groups=2") == "softmax 'softmax': softmax has an attribute that is not its own");
  CHECK(fault("pad=1x1 then", "same_pad=true then") ==
        "conv2d 'conv1': same_pad=true exists in topologies only: in a graph it is a step, a constant or a number");
  CHECK(fault("pad=1x1 then", "pad=1x1 bias=true then") ==
        "conv2d 'conv1': bias=true exists in topologies only: in a graph it is a step, a constant or a number");
  CHECK(fault("channels=10 then", "channels=10 bias=true then") ==
        "linear 'fc': bias=true exists in topologies only: in a graph it is a step, a constant or a number");
  CHECK(fault("eps=0.001", "eps=0.001 affine=false") ==
        "batch_norm 'bn': affine=false exists in topologies only: in a graph it is a step, a constant or a number");
  CHECK(fault("then add(%bn), sigmoid", "then relu, relu, relu, relu, relu, relu, relu, relu, relu") ==
        "add 'add': its epilogue has more than 8 steps");
  CHECK(fault(": f32[N, 16, 4, 4]", ": i8[N, 16, 4, 4]") == "max_pool 'max': there is no kernel for i8[N, 16, 4, 4]");
  CHECK(fault("output \"logits\"", "output \"features\"") == "two outputs have the name 'features'");

  using graph::Graph;
  const Graph good = sample<Graph>(graph::parse, graph_text);
  const auto after = [&good](auto change) {
    Graph g = good;
    change(g);
    return what(graph::verify(g));
  };
  CHECK(after([](Graph&) {}) == "none");
  CHECK(after([](Graph& g) { g.ops.clear(); }) == "the first operation is not the input");
  CHECK(after([](Graph& g) { g.ops[2].kind = OpKind::input; }) == "input 'bn': only the first operation can be the input");
  CHECK(after([](Graph& g) { g.ops[2].operands[0] = 2; }) == "batch_norm 'bn': it uses a value before its definition");
  CHECK(after([](Graph& g) { g.ops[2].operands[0] = -7; }) == "batch_norm 'bn': it uses a value before its definition");
  CHECK(after([](Graph& g) { g.ops[2].constants.pop_back(); }) == "batch_norm 'bn': it has 3 constants where it needs 4");
  CHECK(after([](Graph& g) { g.ops[2].constants[1] = nullptr; }) == "batch_norm 'bn': its bias is missing");
  CHECK(after([](Graph& g) { g.ops[2].name = "conv1"; }) == "two values have the name 'conv1'");
  CHECK(after([](Graph& g) { g.ops[4].epilogue[0].operand = 5; }) == "add 'add': its step add uses a value before its definition");
  CHECK(after([](Graph& g) { g.ops[4].epilogue[1].operand = 1; }) == "add 'add': its step sigmoid has one operand too many or too few");
  using graph::StepKind;
  const auto projected = [](Graph& g, size_t op, size_t at, int64_t channels) {
    std::vector<graph::Step>& steps = g.ops[op].epilogue;
    steps.insert(steps.begin() + static_cast<ptrdiff_t>(at), {StepKind::project, 0, {tensor("p", {16, channels, 1, 1})}});
  };
  const std::string misplaced =
      "a projection can only stand in the epilogue of a convolution, behind nothing but sums (bias, add, project)";
  CHECK(after([&](Graph& g) { projected(g, 1, 1, 3); }) == "none");
  CHECK(after([&](Graph& g) { projected(g, 1, 2, 3); }) == "conv2d 'conv1': " + misplaced);
  CHECK(after([&](Graph& g) { projected(g, 4, 0, 3); }) == "add 'add': " + misplaced);
  CHECK(after([&](Graph& g) { projected(g, 1, 0, 4); }) ==
        "conv2d 'conv1': its weight has shape [16, 4, 1, 1] where [16, 3, 1, 1] is needed");
  const auto affines = [](Graph& g, size_t op, size_t count) {
    const RecipePtr two = fill(2, {16});
    for (size_t i = 0; i < count; ++i) g.ops[op].epilogue.push_back({StepKind::affine, graph::no_value, {two, two}});
  };
  // The convolution has a bias and an affine.
  CHECK(after([&](Graph& g) { affines(g, 1, 3); }) == "none");
  CHECK(after([&](Graph& g) { affines(g, 1, 4); }) ==
        "conv2d 'conv1': its kernel could have 14 operands, more than 12: each tensor and each constant is one");
  CHECK(after([&](Graph& g) { affines(g, 2, 4); }) == "none");
  CHECK(after([&](Graph& g) { affines(g, 2, 5); }) ==
        "batch_norm 'bn': its kernel could have 14 operands, more than 12: each tensor and each constant is one");
  CHECK(after([](Graph& g) { g.ops[0].epilogue.emplace_back(); }) == "the input has operands, attributes, constants or an epilogue");
  CHECK(after([](Graph& g) { g.outputs[0].value = 100; }) == "output 'features' names no value");
  CHECK(after([](Graph& g) { g.outputs.clear(); }) == "the network has no output");
}

TEST_CASE("the verifier of programs finds each fault") {
  CHECK(fault_of(program::parse, program_text, "pad=1x1 in", "same_pad=true in") ==
        "kernel 'conv1': same_pad=true exists in topologies only: in a graph it is a step, a constant or a number");
  const auto fault = [](std::string_view from, std::string_view to) { return fault_of(program::parse, program_text, from, to); };
  CHECK(fault("target \"avx2\"", "target \"\"") == "the program has no target");
  CHECK(fault("stride=3 ", "stride=4 ") ==
        "tensor 'image' has stride=4; it can be 3, its channels, or 16, whole vectors, or 32, one vector more");
  CHECK(fault("stride=16 halo=0x0", "stride=48 halo=0x0") ==
        "tensor 'conv1' has stride=48; it can be 16, whole vectors, or 32, one vector more");
  CHECK(fault("halo=1x1", "halo=1x200000000") == "tensor 'image' is empty or too large with its halo");
  CHECK(fault("halo=1x1", "halo=0x1") == "kernel 'conv1': its input's halo 0x1 is less than its pad");
  CHECK(fault("pad=1x1 in", "pad=1x-1 in") == "kernel 'conv1': pad = 1x-1 is not between 0 and 268435456");
  CHECK(fault("pad=1x1 in", "pad=0x1x2x1 in") == "kernel 'conv1': its input's halo 1x1 is less than its pad");
  CHECK(fault("tensor %fc : f32[N, 10] stride=16 halo=0x0", "tensor %fc : f32[N, 10] stride=16 halo=1x0") ==
        "tensor 'fc' is a vector with a halo");
  CHECK(fault("tensor %fc : f32[N, 10] stride=16", "tensor %fc : f32[N, 10] stride=10") ==
        "kernel 'fc': tensor 'fc' is not stored in whole vectors, which only a convolution's input may do without");
  CHECK(fault("at 4160", "at 4161") == "tensor 'fc' has an offset that is no multiple of 64 from 0 to 70368744177664");
  CHECK(fault(" arena 26560", "") == "tensor 'image' has an offset in an arena without a size");
  CHECK(fault("at 1728", "at 1792") == "constant @1 does not stand right after the one before it, at 1728");
  CHECK(fault("weight @0", "weight @1") ==
        "kernel 'conv1': it takes its weight packed in vectors of 16 channels, and has it packed as a vector");
  CHECK(fault("weight @0 ", "") == "kernel 'conv1': its weight is missing");
  CHECK(fault("then bias(@1)", "then bias(@0)") ==
        "kernel 'conv1': it takes its bias packed as a vector, and has it packed in vectors of 16 channels");
  CHECK(fault("affine(@1, @1)", "affine(@1, @2)") ==
        "kernel 'conv1': it takes its shift packed as a vector, and has it packed in vectors of 16 channels");
  CHECK(fault("then bias(@1)", "then bias(@9)") == "there is no constant @9: the program has @0 to @4");
  CHECK(fault("then add(%conv1)", "then add(%conv2)") ==
        "kernel 'sum': add of f32[N, 16, 8, 8] needs the same type, f32[N, 16] or f32[N, 1, 8, 8], not f32[N, 32, 8, 8]");
  CHECK(fault("then add(%conv1)", "then add(%sum)") == "kernel 'sum': it reads tensor 'sum', which nothing has written");
  CHECK(fault("multiply_adds=32768 @", "multiply_adds=70368744177664 @") ==
        "kernel 'sum': with its multiply-adds, the program has more than 70368744177664");
  CHECK(fault("because \"little work\"", "because \"little\x1bwork\"") == "a reason has control characters, or bytes that are no UTF-8");
  CHECK(fault("because \"little work\"", "because \"little\xc2\x9bwork\"") ==
        "a reason has control characters, or bytes that are no UTF-8");
  CHECK(fault("because \"little work\"", "because \"petit \xc3\xa0 petit\"") == "read");
  CHECK(fault("because \"direct convolution", "because \"\rdirect convolution") ==
        "kernel 'conv1': a reason has control characters, or bytes that are no UTF-8");
  CHECK(fault("then sigmoid", "then relu, relu, relu, relu, relu, relu, relu, relu, relu, relu, relu, relu, relu") ==
        "kernel 'fc': its epilogue is too long");
  // Each read of a tensor is checked by itself, also where the convolution reads the same tensor and needs less.
  CHECK(fault("weight @0 then bias(@1)", "weight @0 then add(%image), bias(@1)") ==
        "kernel 'conv1': tensor 'image' is not stored in whole vectors, which only a convolution's input may do without");
  const std::string three = "weight @0 then affine(@1, @1), affine(@1, @1), affine(@1, @1), bias(@1)";
  CHECK(fault("weight @0 then bias(@1)", three) == "read");
  CHECK(fault("weight @0 then bias(@1)", three + ", bias(@1), bias(@1), bias(@1), bias(@1), bias(@1)") ==
        "kernel 'conv1': it has 17 operands, more than 16: each tensor and each constant that it names is one");
  const std::string of_a_tile = ": vectors are 1 to 8, their product with pixels 1 to 64";
  CHECK(fault("vectors=2 pixels=16", "vectors=9 pixels=1") ==
        "kernel \'conv2\': a tile of 9 vectors by 1 pixels is out of range" + of_a_tile);
  CHECK(fault("vectors=2 pixels=16", "vectors=8 pixels=16") ==
        "kernel \'conv2\': a tile of 8 vectors by 16 pixels is out of range" + of_a_tile);
  CHECK(fault("vectors=2 pixels=16", "vectors=0 pixels=16") ==
        "kernel \'conv2\': a tile of 0 vectors by 16 pixels is out of range" + of_a_tile);
  CHECK(fault("general vectors=1 rows=2", "general vectors=1 rows=2 flat") == "'flat' is out of place in a schedule 'general'");
  CHECK(fault("schedule direct vectors=2", "schedule magic vectors=2").starts_with("unknown algorithm 'magic'; known are general, "));
  // What a schedule counts is bounded by what there is: eight rows, or four tiles of sixteen pixels.
  CHECK(fault("general vectors=1 rows=2", "general vectors=1 rows=268435456") ==
        "kernel 'image': tasks of 268435456 rows are out of range: 0 to 8");
  CHECK(fault("general vectors=1 rows=0", "general vectors=2 rows=0") == "kernel 'features': vectors=2 is out of range: 1 to 1");
  CHECK(fault("pixels=4 rows=2", "pixels=4 rows=9") == "kernel 'conv1': tasks of 9 rows are out of range: 0 to 8");
  CHECK(fault("pixels=16 rows=0 flat", "pixels=16 rows=5 flat") == "kernel 'conv2': tasks of 5 tiles are out of range: 0 to 4");
  CHECK(fault("schedule general vectors=1 rows=2", "schedule direct vectors=1 pixels=1 rows=2") ==
        "kernel 'image': a load cannot be computed by 'direct'");
  CHECK(fault("schedule direct vectors=2 pixels=16 rows=0 flat", "schedule general vectors=2 rows=0") ==
        "kernel 'conv2': a conv2d cannot be computed by 'general'");
  const std::string winograd = "schedule winograd output=4 vectors=1 tiles=1x2 rows=1 depth=0 parts=1";
  CHECK(fault("schedule direct vectors=1 pixels=4 rows=2", winograd) ==
        "kernel 'conv1': it is no convolution that Winograd's transforms apply to");
  CHECK(fault("schedule direct vectors=1 pixels=4 rows=2", "schedule winograd output=3 vectors=1 tiles=1x2 rows=1 depth=0 parts=1") ==
        "kernel 'conv1': it is no convolution that Winograd's transforms apply to");
  CHECK(fault("schedule general vectors=1 rows=2", winograd) == "kernel 'image': a load cannot be computed by 'winograd'");
  CHECK(fault("output 1\n", "output 0\n") == "kernel 'logits': it has f32[N, 10] where f32[N, 16, 8, 8] is needed");
  CHECK(fault("output 1\n", "output 2\n") == "kernel 'logits': it stores output 2, and the program has 2 outputs, counted from 0");
  CHECK(fault("load out %image", "load out %conv1") == "kernel 'image': it has f32[N, 16, 8, 8] where f32[N, 3, 8, 8] is needed");
  CHECK(fault("load out", "copy out") == "a load must be the first kernel, and no other may be one");
  CHECK(fault("conv2d channels=16 kernel=3x3", "conv2d channels=17 kernel=3x3") ==
        "kernel 'conv1': its type is f32[N, 16, 8, 8] where the operation makes f32[N, 17, 8, 8]");
  CHECK(fault("global_avg_pool in %sum", "global_avg_pool in %sum weight @0") == "kernel 'gap': it has a weight and is no convolution");
  CHECK(fault("store in %sum", "store in %sum then relu") == "kernel 'features': a store has no epilogue");

  using program::Program;
  const Program good = sample<Program>(program::parse, program_text);
  const auto after = [&good](auto change) {
    Program p = good;
    change(p);
    return what(program::verify(p));
  };
  CHECK(after([](Program&) {}) == "none");
  CHECK(after([](Program& p) { p.kernels.pop_back(); }) == "no kernel stores output 'logits'");
  CHECK(after([](Program& p) { p.kernels.push_back(p.kernels.back()); }) == "kernel 'logits': output 1 is stored twice");
  CHECK(after([](Program& p) { p.kernels.push_back(p.kernels[5]); }) == "kernel 'gap': tensor 'gap' is written twice");
  CHECK(after([](Program& p) { p.kernels.clear(); }) == "the program has no kernel");
  CHECK(after([](Program& p) { p.kernels[2].in = 99; }) == "kernel 'conv2': its input tensor is missing or not a tensor");
  CHECK(after([](Program& p) { p.kernels[2].out = -3; }) == "kernel 'conv2': its output tensor is missing or not a tensor");
  CHECK(after([](Program& p) { p.kernels[3].epilogue[0].operand = 99; }) == "kernel 'sum': its epilogue uses what is not a tensor");
  CHECK(after([](Program& p) { p.kernels[3].epilogue[1].constants = {0}; }) ==
        "kernel 'sum': its step relu has an operand too many or too few");
  // Constant @3 has as many elements as a projection of 32 channels to 16.
  const auto projected = [](Program& p, size_t kernel, size_t at, program::TensorId operand) {
    std::vector<program::Step>& steps = p.kernels[kernel].epilogue;
    steps.insert(steps.begin() + static_cast<ptrdiff_t>(at), {graph::StepKind::project, operand, {3}});
  };
  const std::string misplaced =
      "a projection can only stand in the epilogue of a convolution, behind nothing but sums (bias, add, project)";
  CHECK(after([&](Program& p) { projected(p, 3, 1, 2); }) == "none");
  CHECK(after([&](Program& p) { projected(p, 3, 2, 2); }) == "kernel 'sum': " + misplaced);
  CHECK(after([&](Program& p) { projected(p, 5, 0, 2); }) == "kernel 'gap': " + misplaced);
  CHECK(after([&](Program& p) { projected(p, 3, 0, 1); }) ==
        "kernel 'sum': its projection's weight has shape [16, 32, 1, 1] where [16, 16, 1, 1] is needed");
  CHECK(after([](Program& p) { p.kernels[2].port = 1; }) == "kernel 'conv2': it names an output and is no store");
  CHECK(after([](Program& p) { p.constants[0].recipe = nullptr; }) == "constant @0 has no recipe of one dimension");
  CHECK(after([](Program& p) { p.tensors[1].name = "image"; }) == "two tensors have the name 'image'");
}

TEST_CASE("specs hold what the code depends on and nothing else") {
  using program::Program;
  Program p = sample<Program>(program::parse, program_text);
  const program::KernelSpec sum = program::spec_of(p, p.kernels[3]);
  CHECK(to_string(sum) ==
        "conv2d channels=16 in f32[N, 32, 8, 8] stride=32 halo=0x0 then add(f32[N, 16, 8, 8] stride=16 halo=0x0 in_place), relu "
        "out f32[N, 16, 8, 8] stride=16 halo=0x0 schedule direct vectors=1 pixels=8 rows=1 flat");
  CHECK(to_string(program::spec_of(p, p.kernels[0])) ==
        "load channels_last mean (0.5, 0.25, 0.125) std (1, 2, 0.1) in u8[N, 3, 8, 8] stride=0 halo=0x0 out f32[N, 3, 8, 8] stride=3 "
        "halo=1x1 "
        "schedule general vectors=1 rows=2");
  CHECK(to_string(program::spec_of(p, p.kernels[4])) ==
        "store in f32[N, 16, 8, 8] stride=16 halo=0x0 out f32[N, 16, 8, 8] stride=0 halo=0x0 schedule general vectors=1 rows=0");
  const std::string before = to_string(program::spec_of(p, p.kernels[1]));
  p.kernels[1].name = "other";
  p.kernels[1].at = {};
  p.kernels[1].attributes.bias = true;
  p.tensor(1).offset += 6400;
  p.tensor(1).name = "other";
  CHECK(to_string(program::spec_of(p, p.kernels[1])) == before);
  std::get<program::DirectSchedule>(p.kernels[1].schedule).rows = 3;
  CHECK(to_string(program::spec_of(p, p.kernels[1])) != before);
}

TEST_CASE("schedules whose tiles overlap write elements twice") {
  using program::Program;
  Program p = sample<Program>(program::parse, program_text);
  program::Kernel& conv1 = p.kernels[1];
  auto& first = std::get<program::DirectSchedule>(conv1.schedule);
  CHECK(program::writes_once(p, conv1));
  first.pixels = 3;
  CHECK(!program::writes_once(p, conv1));
  first.pixels = 30;  // wider than a row: the row is the tile
  CHECK(program::writes_once(p, conv1));
  first.rows = 3;
  CHECK(program::writes_once(p, conv1));
  program::Kernel& conv2 = p.kernels[2];
  auto& second = std::get<program::DirectSchedule>(conv2.schedule);
  second.pixels = 32;
  CHECK(program::writes_once(p, conv2));
  second.pixels = 15;
  CHECK(!program::writes_once(p, conv2));
  second.pixels = 16;
  p.tensor(2).type.channels = p.tensor(2).channel_stride = 48;
  CHECK(!program::writes_once(p, conv2));
}

TEST_CASE("the check of memory plans finds each fault") {
  using program::Program;
  const Program good = sample<Program>(program::parse, program_text);
  const auto after = [&good](auto change) {
    Program p = good;
    change(p);
    return what(program::check_memory_plan(p));
  };
  CHECK(after([](Program&) {}) == "none");
  CHECK(after([](Program& p) { p.arena_bytes = program::none; }) == "the memory is not planned: the arena has no size");
  CHECK(after([](Program& p) { p.tensors[4].offset = program::none; }) == "tensor 'gap' has no place in the arena");
  CHECK(after([](Program& p) { p.tensors[4].offset = 4128; }) == "tensor 'gap' is not aligned to 64 bytes");
  CHECK(after([](Program& p) { p.tensors[4].offset = -64; }) == "tensor 'gap' is not aligned to 64 bytes");
  CHECK(after([](Program& p) { p.arena_bytes -= 64; }) == "tensor 'image' lies outside the arena");
  CHECK(after([](Program& p) { p.tensors[0].offset = int64_t{1} << 62; }) == "tensor 'image' lies outside the arena");
  // Two live tensors in one place, and in overlapping places.
  CHECK(after([](Program& p) { p.tensors[2].offset = 0; }) == "kernel 'conv2' overwrites 'conv1', which is still to be read");
  CHECK(after([](Program& p) { p.tensors[2].offset = 4032; }) == "kernel 'conv2' overwrites 'conv1', which is still to be read");
  CHECK(after([](Program& p) { p.tensors[0].offset = 64; }) == "kernel 'conv1' overwrites 'image', which it reads");
  CHECK(after([](Program& p) { p.tensors[3].offset = 4096; }) == "kernel 'sum' overwrites 'conv2', which it reads");
  // A kernel works in the place of an operand where it must not: beside its place, in another layout, with overlapping tiles, before the
  // last use.
  CHECK(after([](Program& p) { p.tensors[3].offset = 64; }) == "kernel 'sum' overwrites 'conv1', which it reads");
  CHECK(after([](Program& p) {
          p.tensors[1].halo = {0, 1};
          p.tensors[1].offset = 0;
          p.tensors[2].offset = 8192;
        }) == "kernel 'sum' overwrites 'conv1', which it reads in another layout");
  CHECK(after([](Program& p) { p.kernels[3].schedule = program::DirectSchedule{.pixels = 7}; }) ==
        "kernel 'sum' overwrites 'conv1', which it reads again: its schedule writes some elements twice");
  CHECK(after([](Program& p) { p.kernels[5].in = 1; }) == "kernel 'sum' overwrites 'conv1', which is still to be read");
  // A projection reads a tensor that the kernel also reads element by element.
  CHECK(after([](Program& p) {
          std::vector<program::Step>& steps = p.kernels[3].epilogue;
          steps.insert(steps.begin(), {graph::StepKind::project, 1, {4}});
        }) == "kernel 'sum' overwrites 'conv1', which it reads");
  // A copy may work in its input's place, another kernel may not.
  CHECK(after([](Program& p) {
          p.kernels[1].kind = program::KernelKind::copy;
          p.tensors[0] = p.tensors[1];
        }) == "none");
  CHECK(after([](Program& p) { p.tensors[0] = p.tensors[1]; }) == "kernel 'conv1' overwrites 'conv1', which it reads");
  // Bytes that were never written.
  CHECK(after([](Program& p) { p.kernels.erase(p.kernels.begin() + 1); }) ==
        "kernel 'conv2' reads bytes of 'conv1' that nothing has written");
  // A dead tensor's bytes may be used again.
  CHECK(after([](Program& p) { p.tensors[2].offset = 16384 + 64; }) == "none");
}
