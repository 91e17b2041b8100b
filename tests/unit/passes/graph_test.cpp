/// \file The passes on the graph: their exact results for small graphs, and their reasons for refusals.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/passes/session.h"

using namespace pass_test;

namespace {

constexpr std::string_view input_line = "  input %x : f32[N, 4, 8, 8]\n";
constexpr std::string_view weight_line = "    weight = tensor(\"c.weight\", [4, 4, 3, 3])\n";
constexpr std::string_view conv_attributes = " channels=4 kernel=3x3 pad=1x1";
constexpr std::string_view result_type = " : f32[N, 4, 8, 8]\n";
constexpr std::string_view norm_constants =
    "    weight = tensor(\"b.weight\", [4])\n    bias = tensor(\"b.bias\", [4])\n"
    "    running_mean = tensor(\"b.running_mean\", [4])\n    running_var = tensor(\"b.running_var\", [4])\n";

std::string graph_of(std::string_view body, std::string_view result = "y") {
  return fmt::format("graph \"net\" {{\n{}{}  output \"out\" %{}\n}}\n", input_line, body, result);
}

/// `%NAME = conv2d(%FROM) ... [then EPILOGUE]` and its weights.
std::string convolution(std::string_view name, std::string_view from, std::string_view epilogue = "") {
  return fmt::format("  %{} = conv2d(%{}){}{}{}{}{}", name, from, conv_attributes, epilogue.empty() ? "" : " then ", epilogue, result_type,
                     weight_line);
}

std::string op(std::string_view name, std::string_view call) { return fmt::format("  %{} = {}{}", name, call, result_type); }

std::string norm(std::string_view name, std::string_view from) {
  return op(name, fmt::format("batch_norm(%{})", from)) + std::string(norm_constants);
}

const std::string norm_scale = "mul(tensor(\"b.weight\", [4]), rsqrt(tensor(\"b.running_var\", [4]), 1e-05))";
const std::string norm_shift = "sub(tensor(\"b.bias\", [4]), mul(tensor(\"b.running_mean\", [4]), " + norm_scale + "))";
const std::string affine_constants = "    scale = " + norm_scale + "\n    shift = " + norm_shift + "\n";

const std::string projection_weight = "    weight = tensor(\"p.weight\", [4, 4, 1, 1])\n";
const std::string projection_bias = "    bias = tensor(\"p.bias\", [4])\n";
/// The 1x1 convolution %p of %x, with a bias.
const std::string projection = op("p", "conv2d(%x) channels=4 then bias") + projection_weight + projection_bias;

}  // namespace

TEST_CASE("lower-to-graph: concat edges append channels, edges spread, and 'from' makes no operation") {
  Session session;
  const graph::Graph graph = session.lowered_graph(
      "network net { input x: f32[N, 2, 2, 3] code: global_avg_pool\n"
      "from x concat spread from code joined: multiply(1)\n"
      "from x skip spread from code sum: multiply(1)\n"
      "from x gate via { slice_channels(1, 1) } product: multiply(1)\n"
      "from joined concat from product concat from sum output y }",
      "lower-to-graph");
  std::string ops;
  for (const graph::Op& op : graph.ops) {
    ops += fmt::format("{} = {}(", op.name, info(op.kind).name);
    for (const graph::ValueId operand : op.operands) ops += " " + graph.op(operand).name;
    ops += fmt::format(" ) {}\n", to_string(op.type));
  }
  CHECK(ops == R"(x = input( ) f32[N, 2, 2, 3]
code = global_avg_pool( x ) f32[N, 2]
concat.spread = spread( code ) f32[N, 2, 2, 3]
concat = concat( x concat.spread ) f32[N, 4, 2, 3]
joined = multiply( concat ) f32[N, 4, 2, 3]
skip = add( x code ) f32[N, 2, 2, 3]
sum = multiply( skip ) f32[N, 2, 2, 3]
gate.0 = slice_channels( x ) f32[N, 1, 2, 3]
gate = mul( x gate.0 ) f32[N, 2, 2, 3]
product = multiply( gate ) f32[N, 2, 2, 3]
concat2 = concat( joined product ) f32[N, 6, 2, 3]
concat3 = concat( concat2 sum ) f32[N, 8, 2, 3]
)");
  const Values x = input_for(graph);
  const Values y = interpret(graph, GeneratedWeights(), x)[0];
  REQUIRE(y.size() == 48);
  for (size_t i = 0; i < 6; ++i) {
    double means[2] = {};
    for (size_t j = 0; j < 12; ++j) means[j / 6] += x[j] / 6;
    const double a = x[i], b = x[6 + i];
    const double expected[] = {a, b, means[0], means[1], a * b, b * b, a + means[0], b + means[1]};
    for (size_t c = 0; c < 8; ++c) CHECK(y[6 * c + i] == doctest::Approx(expected[c]));
  }
}

TEST_CASE("lower-to-graph: a scale's weight has the layer's own name") {
  Session session;
  const auto ir = session.lowered("network n { input x: f32[N, 4, 8, 8] gamma: scale beta: bias output y }", passes::Level::graph);
  const std::string text = graph::print(std::get<graph::Graph>(ir), session.sources);
  CHECK(text.find("weight = tensor(\"gamma\", [4])") != std::string::npos);
  CHECK(text.find("bias = tensor(\"beta.bias\", [4])") != std::string::npos);
}

TEST_CASE("lower-to-graph: an operation that spreads has a name that no value has") {
  Session session;
  auto network = topology::parse(
      session.sources.add("net.topology",
                          "topology \"net\" { input %x as \"x\" : f32[N, 4, 5, 5] %c.spread = global_avg_pool(%x) : f32[N, 4]\n"
                          "from %x as \"in\" %c = concat spread(%x, %c.spread) as \"mean\" : f32[N, 8, 5, 5] output \"y\" %c }"),
      session.diagnostics);
  REQUIRE_MESSAGE(network.has_value(), session.diagnostics.render());
  passes::AnyIr ir = std::move(*network);
  REQUIRE(session.run("lower-to-graph", ir));
  CHECK(std::get<graph::Graph>(ir).ops[2].name == "c.spread_");
}

TEST_CASE("fold-batch-norm: into a convolution, which takes the batch norm's name") {
  Session session;
  CHECK(session.rewritten("fold-batch-norm", graph_of(convolution("c", "x") + norm("b", "c") + op("y", "relu(%b)"))) ==
        graph_of(op("b", fmt::format("conv2d(%x){} then bias", conv_attributes)) +
                 "    weight = scale_rows(tensor(\"c.weight\", [4, 4, 3, 3]), " + norm_scale + ")\n    bias = " + norm_shift + "\n" +
                 op("y", "relu(%b)")));
  CHECK(session.remark("fold-batch-norm", "b") == "folded into conv2d 'c'");
}

TEST_CASE("fold-batch-norm: a convolution's own bias folds with it") {
  Session session;
  std::string biased = convolution("c", "x", "bias") + "    bias = tensor(\"c.bias\", [4])\n";
  CHECK(session.rewritten("fold-batch-norm", graph_of(biased + norm("y", "c"))) ==
        graph_of(op("y", fmt::format("conv2d(%x){} then bias", conv_attributes)) +
                 "    weight = scale_rows(tensor(\"c.weight\", [4, 4, 3, 3]), " + norm_scale +
                 ")\n    bias = add(mul(tensor(\"c.bias\", [4]), " + norm_scale + "), " + norm_shift + ")\n"));
}

TEST_CASE("fold-batch-norm: a second use of the convolution's output refuses it") {
  Session session;
  CHECK(session.rewritten("fold-batch-norm", graph_of(convolution("c", "x") + norm("b", "c") + op("y", "add(%b, %c)"))) ==
        graph_of(convolution("c", "x") + op("b", "affine(%c)") + affine_constants + op("y", "add(%b, %c)")));
  CHECK(session.remark("fold-batch-norm", "b") == "not folded: the convolution's own output 'c' has another use");
}

TEST_CASE("fold-batch-norm: an output of the convolution refuses it") {
  Session session;
  session.rewritten("fold-batch-norm", "graph \"net\" {\n" + std::string(input_line) + convolution("c", "x") + norm("y", "c") +
                                           "  output \"a\" %c\n  output \"b\" %y\n}\n");
  CHECK(session.remark("fold-batch-norm", "y") == "not folded: the convolution's own output 'c' has another use");
}

TEST_CASE("fold-batch-norm: after anything but a convolution it becomes an affine") {
  Session session;
  CHECK(session.rewritten("fold-batch-norm", graph_of(op("r", "relu(%x)") + norm("y", "r"))) ==
        graph_of(op("r", "relu(%x)") + op("y", "affine(%r)") + affine_constants));
  CHECK(session.remark("fold-batch-norm", "y") == "not folded: its operand 'r' comes from relu, not from a convolution");
  Session fused;
  fused.rewritten("fold-batch-norm", graph_of(convolution("c", "x", "relu") + norm("y", "c")));
  CHECK(fused.remark("fold-batch-norm", "y") == "not folded: the convolution 'c' does more than add a bias");
}

TEST_CASE("fold-batch-norm: a batch norm's own epilogue stays") {
  Session session;
  std::string relu = norm("y", "c");
  relu.replace(relu.find(" : "), 3, " then relu : ");
  std::string kept = op("y", "affine(%c) then relu") + affine_constants;
  CHECK(session.rewritten("fold-batch-norm", graph_of(convolution("c", "x") + relu)) == graph_of(convolution("c", "x") + kept));
  CHECK(session.remark("fold-batch-norm", "y") == "not folded: it has an epilogue of its own");
}

TEST_CASE("fold-batch-norm and split-transposed: a transposed convolution becomes a convolution, or one and a shuffle") {
  const std::string layer =
      "  %c = conv_transpose(%x) channels=4 kernel=3x3 stride=2x2 pad=5x5 : f32[N, 4, 7, 7]\n    weight = tensor(\"c.weight\", [4, 4, 3, "
      "3])\n";
  const std::string type = " : f32[N, 4, 7, 7]\n";
  const auto with_type = [&](std::string text) { return text.replace(text.find(result_type), result_type.size(), type); };
  const std::string scaled = "scale_columns(tensor(\"c.weight\", [4, 4, 3, 3]), " + norm_scale + ", groups=1)";
  Session session;
  const std::string folded = session.rewritten("fold-batch-norm", graph_of(layer + with_type(norm("y", "c"))));
  CHECK(folded == graph_of("  %y = conv_transpose(%x) channels=4 kernel=3x3 stride=2x2 pad=5x5 then bias" + type +
                           "    weight = " + scaled + "\n    bias = " + norm_shift + "\n"));
  CHECK(session.rewritten("split-transposed", folded) ==
        graph_of("  %y.phases = conv2d(%x) channels=16 kernel=5x5 : f32[N, 16, 4, 4]\n    weight = to_phases(" + scaled +
                 ", groups=1, stride=2x2, first=5x5, window=5x5)\n" + "  %y = pixel_shuffle(%y.phases) size=7x7 factor=2x2 then bias" +
                 type + "    bias = " + norm_shift + "\n"));
  CHECK(session.remark("split-transposed", "y") == "a convolution 5x5 of 2x2 phases");
}

TEST_CASE("split-transposed: the results are those of before") {
  for (const char* call :
       {"conv_transpose(3x3, 6)", "conv_transpose(3x3, 6, stride = 2, pad = 1, output_pad = 1, bias = true)",
        "conv_transpose(4x4, 6, stride = 2, pad = 1, groups = 2)", "conv_transpose(1x2, 6, stride = 3, groups = 2, bias = true)",
        "conv_transpose([5, 2], 4, stride = [3, 1], pad = [4, 0, 1, 1], output_pad = [2, 0])", "conv_transpose(2x2, 3, stride = 2)",
        "conv_transpose(1x1, 3, pad = 1)", "conv_transpose(2x3, 3, stride = [1, 4], pad = [2, 3, 0, 5])",
        "conv_transpose(7x1, 3, stride = [2, 5], output_pad = [1, 4])"}) {
    Session session;
    const std::string text = fmt::format("network net {{ input x: f32[N, 4, 5, 6] c: {} b: batch_norm relu output y }}", call);
    const graph::Graph before = session.lowered_graph(text, "lower-to-graph"), after = session.lowered_graph(text, "split-transposed");
    CHECK(after.ops[1].kind == OpKind::conv2d);
    const Values x = input_for(before);
    CHECK_MESSAGE(difference(interpret(before, GeneratedWeights(), x), interpret(after, GeneratedWeights(), x)) <= 1e-12, call);
  }
}

TEST_CASE("trim-windows: taps that meet nothing but padding are left out, and the results are those of before") {
  struct Case {
    const char* input;
    const char* call;
    Extent2 kernel;  ///< of the window that is left
  };
  const Case cases[] = {
      {"f32[N, 4, 1, 1]", "conv(3x3, 5)", {1, 1}},
      {"f32[N, 4, 1, 6]", "conv(5x5, 6, groups = 2, bias = true)", {1, 5}},
      {"f32[N, 4, 5, 6]", "conv(3x3, 5, dilation = 6)", {1, 1}},
      {"f32[N, 4, 5, 6]", "conv(3x3, 5, dilation = 5)", {1, 3}},
      {"f32[N, 4, 5, 6]", "conv(3x3, 5)", {3, 3}},
      {"f32[N, 4, 5, 6]", "conv(3x3, 4, dilation = [7, 2], groups = 4)", {1, 3}},
      {"f32[N, 4, 2, 9]", "conv(7x7, 5, stride = 2)", {2, 7}},
      {"f32[N, 4, 2, 9]", "conv(3x5, 5, stride = 2, dilation = 3, pad = [3, 0, 3, 14])", {1, 3}},
      {"f32[N, 4, 2, 3]",
       "conv(2x2, 5, pad = [1, 2, 0, 0], dilation = [1, 4])",
       {2, 2}},  // without the first column, the padding would be -2
      {"f32[N, 4, 2, 3]", "conv(2x2, 5, pad = [4, 4], stride = 4)", {2, 2}},
      {"f32[N, 4, 2]", "conv(7, 5)", {1, 3}},
      {"f32[N, 4, 20]", "conv(5, 4, dilation = 10, groups = 4)", {1, 3}},
      {"f32[N, 4, 20]", "conv(2, 3, pad = [20, 0], dilation = 20)", {1, 1}},
  };
  for (const Case& one : cases) {
    CAPTURE(std::string(one.call));
    Session session;
    const std::string text = fmt::format("network net {{ input x: {} c: {} b: batch_norm relu output y }}", one.input, one.call);
    const graph::Graph before = session.lowered_graph(text, "fold-batch-norm"), after = session.lowered_graph(text, "trim-windows");
    CHECK(to_string(after.ops[1].attributes.kernel) == to_string(one.kernel));
    const Values x = input_for(before);
    CHECK(difference(interpret(before, GeneratedWeights(), x), interpret(after, GeneratedWeights(), x)) <= 1e-12);
  }
  Session session;
  const std::string wide = "  %y = conv2d(%x) channels=4 kernel=3x3 pad=9x9 dilation=9x9 : f32[N, 4, 8, 8]\n    weight = ";
  CHECK(session.rewritten("trim-windows", graph_of(wide + "tensor(\"c.weight\", [4, 4, 3, 3])\n")) ==
        graph_of("  %y = conv2d(%x) channels=4 : f32[N, 4, 8, 8]\n    weight = take_taps(tensor(\"c.weight\", [4, 4, 3, 3]), first=1x1, "
                 "window=1x1)\n"));
  CHECK(session.remark("trim-windows", "y") == "1x1 of 3x3 taps meet pixels");
}

TEST_CASE("fold-batch-norm: of batch norms in a row the first folds") {
  Session session;
  session.rewritten("fold-batch-norm", graph_of(convolution("c", "x") + norm("b", "c") + norm("y", "b")));
  CHECK(session.remark("fold-batch-norm", "b") == "folded into conv2d 'c'");
  CHECK(session.remark("fold-batch-norm", "y") == "not folded: the convolution 'b' has a batch norm folded in already");
}

TEST_CASE("fuse-shortcuts: the end of an identity block goes into its last convolution") {
  Session session;
  CHECK(session.rewritten("fuse-shortcuts", graph_of(convolution("c1", "x") + op("r", "relu(%c1)") + convolution("c2", "r") +
                                                     op("s", "add(%c2, %x)") + op("y", "relu(%s)"))) ==
        graph_of(convolution("r", "x", "relu") + convolution("y", "r", "add(%x), relu")));
  CHECK(session.remark("fuse-shortcuts", "s") == "add fused into conv2d 'c2'");
  CHECK(session.remark("fuse-shortcuts", "y") == "relu fused into conv2d 's'");
}

TEST_CASE("fuse-shortcuts: of two convolutions that meet, the later takes the other's result") {
  for (const char* add : {"add(%c2, %d)", "add(%d, %c2)"}) {
    Session session;
    CHECK(session.rewritten("fuse-shortcuts", graph_of(convolution("c2", "x") + convolution("d", "x") + op("y", add))) ==
          graph_of(convolution("c2", "x") + convolution("y", "x", "add(%c2)")));
  }
}

TEST_CASE("fuse-shortcuts: a value with another use keeps its kernel") {
  Session session;
  std::string text = graph_of(convolution("c", "x") + op("r", "relu(%c)") + op("y", "add(%c, %r)"));
  // The ReLU carries the addition instead.
  CHECK(session.rewritten("fuse-shortcuts", text) == graph_of(convolution("c", "x") + op("y", "relu(%c) then add(%c)")));
  CHECK(session.remark("fuse-shortcuts", "r") == "relu not fused: 'c' has another use");
  CHECK(session.remark("fuse-shortcuts", "y") == "add fused into relu 'r'");
}

TEST_CASE("fuse-shortcuts: an output keeps its kernel") {
  Session session;
  session.rewritten("fuse-shortcuts", "graph \"net\" {\n" + std::string(input_line) + convolution("c", "x") + op("y", "relu(%c)") +
                                          "  output \"a\" %c\n  output \"b\" %y\n}\n");
  CHECK(session.remark("fuse-shortcuts", "y") == "relu not fused: 'c' has another use");
}

TEST_CASE("fuse-shortcuts: an operand that is made later refuses the fusion") {
  Session session;
  session.rewritten("fuse-shortcuts",
                    graph_of(convolution("c", "x") + op("p", "max_pool(%x) kernel=3x3 pad=1x1") + op("y", "add(%c, %p)")));
  CHECK(session.remark("fuse-shortcuts", "y") == "add not fused: the other operand is made after 'c'");
}

TEST_CASE("fuse-shortcuts: an epilogue has eight steps at most") {
  Session session;
  std::string body = convolution("c", "x");
  for (int i = 0; i < 9; ++i)
    body += op(i == 8 ? "y" : fmt::format("r{}", i), fmt::format("add(%{}, %x)", i == 0 ? "c" : fmt::format("r{}", i - 1)));
  const std::string text = session.rewritten("fuse-shortcuts", graph_of(body));
  CHECK(text.find("%r7 = conv2d") != std::string::npos);
  CHECK(text.find("%y = add(%r7, %x)") != std::string::npos);
  CHECK(session.remark("fuse-shortcuts", "y") == "add not fused: the epilogue of 'r7' would have more than 8 steps");
}

TEST_CASE("fuse-shortcuts: steps that use their element many times begin another kernel") {
  Session session;
  const std::string chain = op("a", "sigmoid(%c)") + op("r", "relu(%a)") + op("b", "sigmoid(%r)") + op("d", "sigmoid(%b)") +
                            op("e", "sigmoid(%d)") + op("y", "sigmoid(%e)");
  CHECK(session.rewritten("fuse-shortcuts", graph_of(convolution("c", "x") + chain)) ==
        graph_of(convolution("b", "x", "sigmoid, relu, sigmoid") + op("e", "sigmoid(%b) then sigmoid") + op("y", "sigmoid(%e)")));
  CHECK(session.remark("fuse-shortcuts", "d") ==
        "sigmoid not fused: the steps of 'b' would use each element 39366 times, more than 8192: that takes too long to compile");
  // Any single step may follow, with what is cheap.
  for (const char* step : {"mish", "softplus", "gelu"}) {
    CHECK(
        session.rewritten("fuse-shortcuts", graph_of(convolution("c", "x") + op("a", fmt::format("{}(%c)", step)) + op("y", "relu(%a)"))) ==
        graph_of(convolution("y", "x", fmt::format("{}, relu", step))));
  }
  CHECK(session.rewritten("fuse-shortcuts", graph_of(convolution("c", "x") + op("a", "softplus(%c)") + op("y", "tanh(%a)"))) ==
        graph_of(convolution("a", "x", "softplus") + op("y", "tanh(%a)")));
}

TEST_CASE("fuse-pools: the steps of a pool and of what it takes count together") {
  Session session;
  const std::string pool = "max_pool(%x) kernel=3x3 pad=1x1";
  CHECK(session.rewritten("fuse-pools", graph_of(op("p", pool) + op("y", "sigmoid(%p) then sigmoid"))) ==
        graph_of(op("y", pool + " then sigmoid, sigmoid")));
  const std::string apart = graph_of(op("p", pool + " then sigmoid") + op("y", "sigmoid(%p) then sigmoid"));
  CHECK(session.rewritten("fuse-pools", apart) == apart);
}

TEST_CASE("fuse-shortcuts: a kernel has no more operands than the runtime passes to it") {
  const std::string refused = "affine not fused: the kernel of '{}' could have {} operands, more than 12";
  const auto affine = [](std::string_view name, std::string_view from) {
    return op(name, fmt::format("affine(%{})", from)) + "    scale = fill(2, [4])\n    shift = fill(3, [4])\n";
  };
  Session session;
  std::string body = convolution("a0", "x");
  for (int i = 0; i < 10; ++i) body += affine(i == 9 ? "y" : fmt::format("a{}", i + 1), fmt::format("a{}", i));
  passes::AnyIr ir = session.graph(graph_of(body));
  REQUIRE(session.run("fuse-shortcuts", ir));
  // The epilogue of a convolution has room for four; later operations have room for the others.
  std::string text;
  for (const graph::Op& o : std::get<graph::Graph>(ir).ops) text += fmt::format("{} {} {}\n", o.name, info(o.kind).name, o.epilogue.size());
  CHECK(text == "x input 0\na4 conv2d 4\na9 affine 4\ny affine 0\n");
  CHECK(session.remark("fuse-shortcuts", "a5") == fmt::format(fmt::runtime(refused), "a4", 13));
  CHECK(session.remark("fuse-shortcuts", "y") == fmt::format(fmt::runtime(refused), "a9", 14));
  // Pools have no weight.
  Session pooled;
  std::string pool = op("a0", "max_pool(%x) kernel=3x3 pad=1x1");
  for (int i = 0; i < 6; ++i) pool += affine(i == 5 ? "y" : fmt::format("a{}", i + 1), fmt::format("a{}", i));
  pooled.rewritten("fuse-pools", graph_of(pool));
  CHECK(pooled.remark("fuse-pools", "y") == fmt::format(fmt::runtime(refused), "a5", 14));
}

TEST_CASE("fuse-projections: a projection takes an operand more than a sum") {
  Session session;
  std::string body, sums;
  for (int i = 0; i < 6; ++i) {
    body += op(fmt::format("p{}", i), "conv2d(%x) channels=4") + projection_weight;
    sums += fmt::format(", add(%p{})", i);
  }
  body += convolution("y", "x", "bias" + sums + ", affine") +
          "    bias = tensor(\"c.bias\", [4])\n    scale = fill(2, [4])\n    shift = fill(3, [4])\n";
  CHECK(session.rewritten("fuse-projections", graph_of(body)) == graph_of(body));
  CHECK(session.remark("fuse-projections", "y")
            .starts_with("'p0' stays a kernel of its own: the kernel of 'y' could have 13 operands, more than 12\n"));
  // The projection's own bias takes one as well.
  Session biased;
  body = op("p0", "conv2d(%x) channels=4 then bias") + projection_weight + projection_bias;
  for (int i = 1; i < 6; ++i) body += op(fmt::format("p{}", i), "relu(%x)");
  biased.rewritten("fuse-projections", graph_of(body + convolution("y", "x", sums.substr(2) + ", add(%x), mul(%x)")));
  CHECK(biased.remark("fuse-projections", "y") == "'p0' stays a kernel of its own: the epilogue of 'y' has no room for another bias");
  Session fits;
  fits.rewritten("fuse-projections", graph_of(body + convolution("y", "x", sums.substr(2))));
  CHECK(fits.remark("fuse-projections", "y") == "projection fused: summed together with 'p0'");
}

TEST_CASE("fuse-shortcuts: x + x stays an operation of its own") {
  Session session;
  const std::string text = graph_of(convolution("c", "x") + op("y", "add(%c, %c)"));
  CHECK(session.rewritten("fuse-shortcuts", text) == text);
  CHECK(session.remark("fuse-shortcuts", "y") == "add not fused: 'c' has another use");
}

TEST_CASE("fuse-shortcuts: a gate's product goes into what comes before it, or stays, never into its factor") {
  Session session;
  const std::string pool = "  %g = global_avg_pool(%c) : f32[N, 4]\n";
  const std::string fc = "  %f = linear(%g) channels=4 : f32[N, 4]\n    weight = tensor(\"f.weight\", [4, 4])\n";
  const std::string text = graph_of(convolution("c", "x") + pool + fc + op("y", "mul(%c, %f)"));
  CHECK(session.rewritten("fuse-shortcuts", text) == text);
  CHECK(session.remark("fuse-shortcuts", "y") == "mul not fused: 'c' has another use; 'f' is f32[N, 4], the result f32[N, 4, 8, 8]");
}

TEST_CASE("fuse-projections: summed with the convolution that the addition is in") {
  Session session;
  const std::string bias = "    bias = tensor(\"c.bias\", [4])\n";
  CHECK(session.rewritten("fuse-projections", graph_of(projection + convolution("y", "x", "bias, add(%p), relu") + bias)) ==
        graph_of(convolution("y", "x", "bias, project(%x), relu") + "    bias = add(tensor(\"c.bias\", [4]), tensor(\"p.bias\", [4]))\n" +
                 projection_weight));
  CHECK(session.remark("fuse-projections", "y") == "projection fused: summed together with 'p'");
  // If the convolution has no bias, the projection's bias becomes its bias.
  CHECK(session.rewritten("fuse-projections", graph_of(projection + convolution("y", "x", "add(%p)"))) ==
        graph_of(convolution("y", "x", "bias, project(%x)") + projection_bias + projection_weight));
}

TEST_CASE("fuse-projections: the addition may be in the projection, whose stride remains a choice of pixels") {
  Session session;
  const std::string half = " : f32[N, 4, 4, 4]\n", big = "conv2d(%x) channels=4 kernel=3x3 stride=2x2 pad=1x1";
  CHECK(session.rewritten("fuse-projections", graph_of("  %c = " + big + half + std::string(weight_line) +
                                                       "  %y = conv2d(%x) channels=4 stride=2x2 then bias, add(%c), relu" + half +
                                                       projection_weight + projection_bias)) ==
        graph_of("  %y.shortcut = max_pool(%x) stride=2x2" + half + "  %y = " + big + " then bias, project(%y.shortcut), relu" + half +
                 std::string(weight_line) + projection_bias + projection_weight));
}

TEST_CASE("fuse-projections: refused, with the reason") {
  const auto remark = [](const std::string& body) {
    Session session;
    CHECK(session.rewritten("fuse-projections", graph_of(body)) == graph_of(body));
    return session.remark("fuse-projections", "y");
  };
  const std::string sum = convolution("y", "x", "add(%p)"), stays = "'p' stays a kernel of its own: ";
  CHECK(remark(projection + op("z", "relu(%p)") + convolution("y", "z", "add(%p)")) == stays + "'p' has another use");
  CHECK(remark(projection + convolution("y", "x", "relu, add(%p)")) == stays + "'y' does more than sums before the addition");
  CHECK(remark(convolution("p", "x", "relu") + sum) == stays + "'p' does more than add a bias");
  CHECK(remark(convolution("p", "x") + sum) == stays + "neither 'p' nor 'y' is a 1x1 convolution without padding and groups");
  CHECK(remark(convolution("p", "x") + op("r", "relu(%x)") + op("y", "conv2d(%r) channels=4 then add(%p)") + projection_weight) ==
        stays + "what 'y' projects is made after 'p'");
}

TEST_CASE("fuse-pools: what follows a pool") {
  Session session;
  CHECK(session.rewritten("fuse-pools", graph_of(op("p", "max_pool(%x) kernel=3x3 pad=1x1") + op("a", "affine(%p)") + affine_constants +
                                                 op("s", "add(%a, %x)") + op("y", "relu(%s)"))) ==
        graph_of(op("y", "max_pool(%x) kernel=3x3 pad=1x1 then affine, add(%x), relu") + affine_constants));
  CHECK(session.remark("fuse-pools", "y") == "relu fused into max_pool 's'");
}

TEST_CASE("fuse-pools: refused where the pool's value is used twice") {
  Session session;
  session.rewritten("fuse-pools", graph_of(op("p", "avg_pool(%x) kernel=3x3 pad=1x1") + op("r", "relu(%p)") + op("y", "add(%p, %r)")));
  CHECK(session.remark("fuse-pools", "r") == "relu not fused: 'p' has another use");
}

TEST_CASE("lower-to-graph: an edge's layers, an add, a gate, a bias") {
  Session session;
  const graph::Graph graph = session.lowered_graph(
      "network net {\n  input x: u8[N, 8, 8, 4] mean = (0, 0.5, 0, 0) std = (1, 1, 1, 0.25)\n  a: conv(3x3, 4, bias = true)\n"
      "  skip from in via d { conv(1x1, 4) }\n  gate via g { global_avg_pool linear(4) sigmoid }\n  output mid from a  output y\n}\n",
      "lower-to-graph");
  std::string text;
  for (const graph::Op& o : graph.ops) {
    text += fmt::format("{} = {}", o.name, info(o.kind).name);
    for (graph::ValueId v : o.operands) text += " " + graph.op(v).name;
    for (const RecipePtr& r : o.constants) text += " " + to_string(*r);
    for (const graph::Step& s : o.epilogue) text += fmt::format(" {} {}", info(s.kind).name, to_string(*s.constants[0]));
    text += "\n";
  }
  CHECK(text == R"(x = input
a = conv2d x tensor("a.weight", [4, 4, 3, 3]) bias tensor("a.bias", [4])
d.0 = conv2d x tensor("d.0.weight", [4, 4, 1, 1])
skip = add a d.0
g.0 = global_avg_pool skip
g.1 = linear g.0 tensor("g.1.weight", [4, 4]) bias tensor("g.1.bias", [4])
g.2 = sigmoid g.1
gate = mul skip g.2
)");
  CHECK(graph.input.type.element == ElementType::u8);
  CHECK(graph.input.mean == std::vector<double>{0, 0.5, 0, 0});
  CHECK(graph.input.std == std::vector<double>{1, 1, 1, 0.25});
  REQUIRE(graph.outputs.size() == 2);
  CHECK(graph.op(graph.outputs[0].value).name == "a");
  CHECK(graph.outputs[1].name == "y");
}

TEST_CASE("lower-to-graph: what a checkpoint does not hold for a layer") {
  Session session;
  const graph::Graph graph = session.lowered_graph(
      "network net {\n  input x: u8[N, 8, 8, 4]\n  b: batch_norm(affine = false)\n  global_avg_pool\n"
      "  f: linear(4, bias = false)\n  output y\n}\n",
      "lower-to-graph");
  CHECK(passes::print(graph, session.sources) == R"(graph "net" {
  input %x : u8[N, 4, 8, 8] channels_last @ "net.rn":2:3+23
  %b = batch_norm(%x) : f32[N, 4, 8, 8] @ "net.rn":3:3+29
    weight = fill(1, [4])
    bias = fill(0, [4])
    running_mean = tensor("b.running_mean", [4])
    running_var = tensor("b.running_var", [4])
  %global_avg_pool = global_avg_pool(%b) : f32[N, 4] @ "net.rn":4:3+15
  %f = linear(%global_avg_pool) channels=4 : f32[N, 4] @ "net.rn":5:3+26
    weight = tensor("f.weight", [4, 4])
  output "y" %f @ "net.rn":6:3+8
}
)");
}

TEST_CASE("a ResNet's block ends as one kernel a convolution") {
  Session session;
  const graph::Graph graph = session.lowered_graph(R"(
block identity(width) {
  conv1: conv(3x3, width)  bn1: batch_norm  relu
  conv2: conv(3x3, width)  bn2: batch_norm  skip from in  relu
}
block projection(width) {
  conv1: conv(3x3, width, stride = 2)  bn1: batch_norm  relu
  conv2: conv(3x3, width)  bn2: batch_norm
  skip from in via downsample { conv(1x1, width, stride = 2) batch_norm }  relu
}
network net {
  input x: f32[N, 3, 16, 16]
  conv1: conv(3x3, 8)  bn1: batch_norm  relu
  stage s { identity(8) projection(16) }
  global_avg_pool  fc: linear(10)  output y
})",
                                                   "fuse-pools");
  std::string text;
  for (const graph::Op& o : graph.ops) {
    text += fmt::format("{} {}", o.name, info(o.kind).name);
    for (const graph::Step& s : o.epilogue) {
      text += fmt::format(" {}{}", info(s.kind).name, s.operand == graph::no_value ? "" : "(" + graph.op(s.operand).name + ")");
    }
    text += "\n";
  }
  CHECK(text == R"(x input
relu conv2d bias relu
s.0.relu conv2d bias relu
s.0.relu2 conv2d bias add(relu) relu
s.1.relu conv2d bias relu
s.1.relu2.shortcut max_pool
s.1.relu2 conv2d bias project(s.1.relu2.shortcut) relu
global_avg_pool global_avg_pool
fc linear bias
)");
}
