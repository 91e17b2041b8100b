/// \file The arithmetic of quantized values in the interpreter: against values worked out by hand, and against other loops over integers.
#include "ir/quantized.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "tests/unit/passes/session.h"

using namespace pass_test;

namespace {

/// A graph of one row of pixels, whose input %x becomes the integers %q of scale 0.5 around 10.
std::string integer_graph(int channels, int pixels, std::string_view body, std::string_view result) {
  return fmt::format(
      "graph \"net\" {{\n  input %x : f32[N, {0}, 1, {1}]\n  %q = convert(%x) : u8(scale=0.5, zero=10)[N, {0}, 1, {1}]\n{2}"
      "  output \"out\" %{3}\n}}\n",
      channels, pixels, body, result);
}

Values integer_result(const std::string& text, const Values& input, const Weights& weights = {}) {
  Session session;
  const graph::Graph graph = session.graph(text);
  const auto fault = verify(graph);
  REQUIRE_MESSAGE(!fault, (fault ? fault->what : ""));
  return interpret(graph, weights, input).at(0);
}

std::string graph_fault(std::string_view body, std::string_view last = "y") {
  Session session;
  const auto parsed = graph::parse(session.sources.add("net.graph", integer_graph(4, 2, body, last)), session.diagnostics);
  if (!parsed) return session.diagnostics.render();
  const auto fault = verify(*parsed);
  return fault ? fault->what : "";
}

}  // namespace

TEST_CASE("quantized: numbers become the nearest integers, ties to even, within 0 and 255") {
  CHECK(integer_result(integer_graph(1, 8, "", "q"), {0, 0.5, 0.25, 0.75, -0.26, -100, 1e30, 122.4}) ==
        Values{10, 11, 10, 12, 9, 0, 255, 255});
  CHECK(integer_result(integer_graph(1, 2, "  %y = convert(%q) : f32[N, 1, 1, 2]\n", "y"), {0.4, -3}) == Values{0.5, -3});
  // To another scale, which a power of two does not divide.
  CHECK(integer_result(integer_graph(1, 2, "  %y = convert(%q) : u8(scale=0.3, zero=100)[N, 1, 1, 2]\n", "y"), {0.5, -3}) ==
        Values{102, 90});
}

TEST_CASE("quantized: a convolution sums integers; padding is the zero; bias, scale, skip edge and relu follow") {
  // The integers without their zero are 2, -4, 6; the weights 1, 2, 3 to the left, here and to the right; the bias is 5.
  const std::string_view sums =
      "  %y = conv2d(%q) channels=1 kernel=1x3 pad=0x1 then bias, scale{} : {}[N, 1, 1, 3]\n"
      "    weight = tensor(\"w\", [1, 1, 1, 3])\n    bias = tensor(\"b\", [1])\n    weight = tensor(\"s\", [1])\n";
  Weights weights;
  weights.given = {{"w", {1, 2, 3}}, {"b", {5}}, {"s", {0.25}}};
  const Values input{1, -2, 3};
  // 2 * 2 - 4 * 3 + 5, 2 - 4 * 2 + 6 * 3 + 5, -4 + 6 * 2 + 5
  CHECK(integer_result(integer_graph(1, 3, fmt::format(fmt::runtime(sums), "", "f32"), "y"), input, weights) == Values{-0.75, 4.25, 3.25});
  CHECK(integer_result(integer_graph(1, 3, fmt::format(fmt::runtime(sums), "", "u8(scale=0.5, zero=3)"), "y"), input, weights) ==
        Values{1, 11, 9});  // 1.5 is rounded to 2, 8.5 to 8 and 6.5 to 6
  CHECK(integer_result(integer_graph(1, 3, fmt::format(fmt::runtime(sums), ", relu", "u8(scale=0.5, zero=3)"), "y"), input, weights) ==
        Values{3, 11, 9});
  CHECK(integer_result(integer_graph(1, 3, fmt::format(fmt::runtime(sums), ", add(%q)", "u8(scale=0.5, zero=3)"), "y"), input, weights) ==
        Values{3 + 0, 3 + 4, 3 + 12});  // -1.5 + 2 = 0.5, 8.5 - 4 = 4.5 and 6.5 + 6 = 12.5
}

TEST_CASE("quantized: pools, concatenations and single operations") {
  const std::string_view quantized = "u8(scale=0.25, zero=4)";
  const auto line = [&](std::string_view call, std::string_view shape) {
    return fmt::format("  %y = {} : {}{}\n", call, quantized, shape);
  };
  // The numbers are 1, -2, 3, 0.5.
  const Values input{1, -2, 3, 0.5};
  CHECK(integer_result(integer_graph(1, 4, line("max_pool(%q) kernel=1x2 stride=1x2", "[N, 1, 1, 2]"), "y"), input) == Values{8, 16});
  CHECK(integer_result(integer_graph(1, 4, line("avg_pool(%q) kernel=1x2 stride=1x2", "[N, 1, 1, 2]"), "y"), input) == Values{2, 11});
  CHECK(integer_result(integer_graph(1, 4, line("global_avg_pool(%q)", "[N, 1]"), "y"), input) == Values{6});  // 0.625 is 2.5 steps, a tie
  CHECK(integer_result(integer_graph(1, 4, "  %y = concat(%q, %q) : u8(scale=0.5, zero=10)[N, 2, 1, 4]\n", "y"), input) ==
        Values{12, 6, 16, 11, 12, 6, 16, 11});
  CHECK(graph_fault("  %y = concat(%q, %q) : u8(scale=0.25, zero=10)[N, 8, 1, 2]\n")
            .find("integers of 'q' mean other numbers than those of the result, of which they become a part") != std::string::npos);
  CHECK(integer_result(integer_graph(1, 4, line("add(%q, %q)", "[N, 1, 1, 4]"), "y"), input) == Values{12, 0, 28, 8});
  CHECK(integer_result(integer_graph(1, 4, line("pad(%q) pad=0x1", "[N, 1, 1, 6]"), "y"), input) == Values{4, 8, 0, 16, 6, 4});
  CHECK(integer_result(integer_graph(1, 4, "  %y = relu(%q) : f32[N, 1, 1, 4]\n", "y"), input) == Values{1, 0, 3, 0.5});
}

TEST_CASE("quantized: what steps work on is float32, in units of the result where all steps allow") {
  Session session;
  const std::string rounding = "    scale = fill(0.5, [4])\n    zero = fill(3, [4])\n";
  const auto units = [&](std::string_view steps, std::string_view type, const std::string& constants = "") {
    const std::string text =
        integer_graph(4, 2,
                      fmt::format("  %y = conv2d(%q) channels=4 then scale{} : {}[N, 4, 1, 2]\n    weight = tensor(\"w\", [4, 4, 1, 1])\n"
                                  "    weight = tensor(\"s\", [4])\n{}",
                                  steps, type, constants),
                      "y");
    const graph::Graph graph = session.graph(text);
    return graph::units_of(graph, graph.ops.back());
  };
  using Units = std::vector<float>;
  CHECK(units("", "u8(scale=0.25, zero=0)") == Units(2, 0.25f));
  CHECK(units(", relu", "u8(scale=0.25, zero=0)") == Units(3, 0.25f));
  CHECK(units(", add(%q), relu", "u8(scale=0.25, zero=0)") == Units(4, 0.25f));
  CHECK(units(", add(%x), relu", "u8(scale=0.25, zero=0)") == Units(4, 1));
  CHECK(units(", silu", "u8(scale=0.25, zero=0)") == Units(3, 1));
  CHECK(units(", relu", "f32") == Units(3, 1));
  CHECK(units(", fake_quantize, add(%q)", "u8(scale=0.25, zero=0)", rounding) == Units{0.5f, 0.5f, 0.25f, 0.25f});
  CHECK(units(", silu, fake_quantize, relu", "u8(scale=0.25, zero=0)", rounding) == Units{1, 1, 1, 0.25f, 0.25f});
  CHECK(units(", fake_quantize, add(%x)", "f32", rounding) == Units{0.5f, 0.5f, 1, 1});
}

TEST_CASE("quantized: a fake_quantize rounds between two steps") {
  Weights weights;
  weights.given = {{"w", {1}}, {"s", {0.75}}};
  const std::string sums =
      "  %y = conv2d(%q) channels=1 then scale, fake_quantize{} : {}[N, 1, 1, 4]\n    weight = tensor(\"w\", [1, 1, 1, 1])\n"
      "    weight = tensor(\"s\", [1])\n    scale = fill(2, [1])\n    zero = fill(1, [1])\n";
  const auto result = [&](std::string_view steps, std::string_view type) {
    return integer_result(integer_graph(1, 4, fmt::format(fmt::runtime(sums), steps, type), "y"), Values{1, -2, 3, 0.5}, weights);
  };
  // The sums are 1.5, -3, 4.5 and 0.75. They become multiples of 2, ties even ones, and at least -2.
  CHECK(result("", "f32") == Values{2, -2, 4, 0});
  CHECK(result(", add(%q)", "f32") == Values{3, -4, 7, 0.5});
  CHECK(result(", relu", "u8(scale=0.5, zero=3)") == Values{7, 3, 11, 3});
}

TEST_CASE("quantized: a rescale makes integer sums of other steps, ties to even, before a projection") {
  Weights weights;
  weights.given = {{"w", {1}}, {"f", {1.25}}, {"p", {3}}, {"s", {0.5}}};
  const std::string graph = integer_graph(1, 4,
                                          "  %y = conv2d(%q) channels=1 then rescale, project(%q), scale : f32[N, 1, 1, 4]\n"
                                          "    weight = tensor(\"w\", [1, 1, 1, 1])\n    factor = tensor(\"f\", [1])\n"
                                          "    weight = tensor(\"p\", [1, 1, 1, 1])\n    weight = tensor(\"s\", [1])\n",
                                          "y");
  // The sums are 2, -4, 6 and 1. They become 2, -5, 8 and 1; then comes three times the integers.
  CHECK(integer_result(graph, Values{1, -2, 3, 0.5}, weights) == Values{4, -8.5, 13, 2});
}

TEST_CASE("quantized: what graphs may say") {
  const auto convolution = [](std::string_view of, std::string_view steps, std::string_view type) {
    return fmt::format("  %y = conv2d(%{}) channels=4{} : {}[N, 4, 1, 2]\n    weight = tensor(\"w\", [4, 4, 1, 1])\n{}", of, steps, type,
                       steps.empty() ? "" : "    weight = tensor(\"s\", [4])\n");
  };
  const auto says = [](const std::string& body, std::string_view part) {
    const std::string fault = graph_fault(body);
    CAPTURE(fault);
    CHECK(fault.find(part) != std::string::npos);
  };
  CHECK(graph_fault(convolution("q", " then scale", "f32")).empty());
  says(convolution("q", "", "f32"),
       "conv2d 'y': a sum of integers needs a step 'scale' that makes numbers of it, behind nothing but bias, rescale and project");
  says(convolution("q", " then scale", "u8"),
       "conv2d 'y': u8[N, 4, 1, 2] says nothing of what its integers mean, as in u8(scale=0.02, zero=3)[...]");
  says(convolution("q", " then scale", "i8"), "conv2d 'y': there is no kernel for i8[N, 4, 1, 2]");
  const auto rescales = [](std::string_view operand, std::string_view steps) {
    return fmt::format("  %y = conv2d(%{}) channels=4 then {} : f32[N, 4, 1, 2]\n    weight = tensor(\"w\", [4, 4, 1, 1])\n{}", operand,
                       steps, "    factor = fill(2, [4])\n    weight = tensor(\"p\", [4, 4, 1, 1])\n    weight = tensor(\"s\", [4])\n");
  };
  CHECK(graph_fault(rescales("q", "rescale, project(%q), scale")).empty());
  says(rescales("x", "rescale, project(%x), scale"), "conv2d 'y': its step rescale has no place");
  says(fmt::format("  %y = conv2d(%q) channels=4 then rescale, scale : f32[N, 4, 1, 2]\n    weight = tensor(\"w\", [4, 4, 1, 1])\n{}",
                   "    factor = fill(2, [4])\n    weight = tensor(\"s\", [4])\n"),
       "conv2d 'y': its step rescale has no place: it stands directly before a projection of integers");
  says("  %y = softmax(%q) : f32[N, 4, 1, 2]\n", "softmax 'y': it has no meaning for quantized values: convert them to f32 first");
  says("  %y = relu(%q) : u8(scale=0, zero=0)[N, 4, 1, 2]\n", "a scale is a finite number above zero");
  says("  %y = relu(%q) : f32(scale=1, zero=0)[N, 4, 1, 2]\n", "and only u8 has one");
  says("  %y = relu(%q) : u8(scale=1, zero=256)[N, 4, 1, 2]\n", "expected an integer between 0 and 255");
  says("  %y = relu(%q) : u8(scale=1e39, zero=2)[N, 4, 1, 2]\n", "a scale is a finite number above zero");
}

TEST_CASE("quantized: a sum has the terms of one group, and those of projections") {
  Session session;
  const graph::Graph graph = session.graph(
      integer_graph(4, 2,
                    "  %y = conv2d(%q) channels=4 kernel=1x3 pad=0x1 groups=4 then project(%q), scale : f32[N, 4, 1, 2]\n"
                    "    weight = tensor(\"w\", [4, 1, 1, 3])\n    weight = tensor(\"p\", [4, 4, 1, 1])\n    weight = tensor(\"s\", [4])\n",
                    "y"));
  CHECK(graph::terms_of(graph, graph.ops.back()) == 3 + 4);
}
