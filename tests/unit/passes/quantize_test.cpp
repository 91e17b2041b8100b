/// \file The pass quantize: what becomes integers and what stays in float, and how far the integers are from the float network.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "tests/unit/passes/session.h"

using namespace pass_test;

namespace {

/// A network with a projection, an identity block, a bottleneck with depthwise windows, a gate, a concatenation, pools and a linear layer.
constexpr std::string_view mixed_network = R"(
block wide() {
  c1: conv(3x3, 32, stride = 2) n1: batch_norm relu
  c2: conv(3x3, 32) n2: batch_norm
  skip from in via down { conv(1x1, 32, stride = 2) batch_norm }
  relu
}
block gated() {
  d1: conv(1x1, 64) m1: batch_norm clip(0, 6)
  d2: conv(3x3, 64, groups = 64) m2: batch_norm silu
  gate via se { global_avg_pool s1: linear(8) relu s2: linear(64) sigmoid }
  d3: conv(1x1, 32) m3: batch_norm
  skip from in
}
network net {
  input x: f32[N, 3, 16, 16]
  stem: conv(3x3, 16, bias = true)
  relu
  max_pool(2x2, stride = 2)
  first: wide
  second: gated
  concat from first
  avg_pool(2x2, stride = 2)
  e: conv(1x1, 24, bias = true)
  relu
  global_avg_pool
  fc: linear(10)
  output y
})";

graph::Graph fused(Session& session) { return session.lowered_graph(std::string(mixed_network), "fuse-pools"); }

/// The least and the largest element of each value over some pictures.
Ranges ranges_of(const graph::Graph& graph, int pictures) {
  std::map<std::string, std::pair<double, double>> seen;
  const auto see = [&](const graph::Op& op, const Values& values) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    auto& range = seen[op.name];
    range = {std::min(range.first, *low), std::max(range.second, *high)};
  };
  for (int k = 0; k < pictures; ++k) {
    interpret(graph, GeneratedWeights(), generated_input(graph.ops[0].name, k, graph.ops[0].type.elements(), ElementType::f32), see);
  }
  Ranges ranges;
  for (const graph::Op& op : graph.ops) ranges.values.push_back({op.name, seen[op.name].first, seen[op.name].second, "", {}});
  return ranges;
}

/// The ratio of the power of the first result to that of the difference, in decibels.
double signal_to_noise(const Values& exact, const Values& noisy) {
  double signal = 0, noise = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    signal += exact[i] * exact[i];
    noise += (exact[i] - noisy[i]) * (exact[i] - noisy[i]);
  }
  return 10 * std::log10(signal / noise);
}

struct Quantized {
  Session session;
  graph::Graph exact, integers;
  Ranges ranges;

  explicit Quantized(const ValueNames& keep_float = {}, std::string_view without = {}) {
    exact = fused(session);
    ranges = ranges_of(exact, 4);
    std::erase_if(ranges.values, [&](const ValueRange& range) { return range.name == without; });
    session.context.ranges = &ranges;
    session.context.keep_float = keep_float;
    passes::AnyIr ir = exact;
    const bool good = session.run("quantize", ir);
    REQUIRE_MESSAGE(good, session.diagnostics.render());
    integers = std::get<graph::Graph>(ir);
  }

  const graph::Op& op(std::string_view name) const {
    const auto found = std::find_if(integers.ops.begin(), integers.ops.end(), [&](const graph::Op& each) { return each.name == name; });
    REQUIRE_MESSAGE(found != integers.ops.end(), graph::print(integers, session.sources));
    return *found;
  }
  std::string type_of_operand(std::string_view name) const {
    return std::string(to_string(integers.op(op(name).operands[0]).type.element));
  }
};

}  // namespace

TEST_CASE("quantize: a network of integers is near the float network") {
  const Quantized quantized;
  const Values picture = generated_input("x", 7, 3 * 16 * 16, ElementType::f32);
  const Values exact = interpret(quantized.exact, GeneratedWeights(), picture).at(0);
  const Values integers = interpret(quantized.integers, GeneratedWeights(), picture).at(0);
  CHECK(signal_to_noise(exact, integers) > 25);
  // Every convolution and linear layer reads integers, and the output is a number.
  for (const graph::Op& op : quantized.integers.ops) {
    CAPTURE(op.name);
    if (op.kind == OpKind::conv2d || op.kind == OpKind::linear) CHECK(quantized.integers.op(op.operands[0]).type.is_quantized());
  }
  CHECK(quantized.integers.op(quantized.integers.outputs[0].value).type.element == ElementType::f32);
}

TEST_CASE("quantize: texts of the result are read back") {
  const Quantized quantized;
  Session again;
  const std::string text = graph::print(quantized.integers, quantized.session.sources);
  CHECK(graph::print(again.graph(text), again.sources) == text);
  const std::string json = graph::to_json(quantized.integers, quantized.session.sources);
  const auto parsed = graph::parse_json(again.sources.add("net.json", json), again.diagnostics);
  REQUIRE_MESSAGE(parsed.has_value(), again.diagnostics.render());
  CHECK(graph::to_json(*parsed, again.sources) == json);
}

TEST_CASE("quantize: layers stay in float if asked, or if a range is missing") {
  const Quantized asked({"e"});
  CHECK(asked.type_of_operand("fc") == "u8");
  const Quantized missing({}, "x");
  CHECK(missing.session.remark("quantize", "max_pool").find("stays in float") == std::string::npos);
}

TEST_CASE("quantize: values that are moved share a range") {
  const Quantized quantized;
  for (const graph::Op& op : quantized.integers.ops) {
    if (op.kind != OpKind::concat && op.kind != OpKind::max_pool) continue;
    for (const graph::ValueId operand : op.operands) CHECK(quantized.integers.op(operand).type.quantization == op.type.quantization);
  }
}

TEST_CASE("quantize: a projection's weights have steps of their own") {
  Session session;
  const graph::Graph exact = session.lowered_graph(std::string(R"(
network net {
  input x: f32[N, 8, 6, 6]
  a: conv(1x1, 8) relu
  b: conv(3x3, 4, bias = true)
  skip from a via projection { conv(1x1, 4) }
  output y
})"),
                                                   "fuse-pools");
  Ranges ranges = ranges_of(exact, 4);
  session.context.ranges = &ranges;
  passes::AnyIr ir = exact;
  REQUIRE(session.run("quantize", ir));
  const graph::Op& sum = std::get<graph::Graph>(ir).ops.back();
  std::vector<OpKind> steps;
  for (const graph::Step& step : sum.epilogue) steps.push_back(step.kind);
  REQUIRE(steps == std::vector{OpKind::bias, OpKind::rescale, OpKind::project, OpKind::scale});
  // The largest integer of each channel is 127 in both weights.
  for (const RecipePtr& weight : {sum.constants[0], sum.epilogue[2].constants[0]}) {
    const std::vector<double> integers = evaluate(*weight, GeneratedWeights());
    const size_t row = integers.size() / 4;
    for (size_t c = 0; c < 4; ++c) {
      double largest = 0;
      for (size_t i = 0; i < row; ++i) largest = std::max(largest, std::abs(integers[c * row + i]));
      CHECK(largest == 127);
    }
  }
}

TEST_CASE("quantize: without ranges nothing changes") {
  Session session;
  const graph::Graph before = fused(session);
  passes::AnyIr ir = before;
  CHECK(session.run("quantize", ir));
  CHECK(passes::print(ir, session.sources) == graph::print(before, session.sources));
}
