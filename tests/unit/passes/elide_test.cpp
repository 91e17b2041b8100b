/// \file elide-identities: when it acts, when it does not, and that it changes no outputs.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/passes/session.h"

using namespace pass_test;

namespace {

/// Two identity blocks after a convolution; `between` stands before them, `inside` at the end of the block.
std::string two_blocks(std::string_view between = "relu", std::string_view inside = "relu", std::string_view outputs = "") {
  return fmt::format(R"(block identity_block(width) {{
  conv1: conv(3x3, width)  bn1: batch_norm  relu
  conv2: conv(3x3, width)  bn2: batch_norm
  skip from in
  {}
}}
network net {{
  input x: f32[N, 3, 9, 9]
  conv1: conv(3x3, 16)
  {}
  stage s {{ repeat 2 identity_block(16) }}
  {}
  output y
}}
)",
                     inside, between, outputs);
}

Weights zero_branch(std::string_view block) {
  Weights weights;
  weights.filled[fmt::format("{}.bn2.weight", block)] = 0;
  weights.filled[fmt::format("{}.bn2.bias", block)] = 0;
  return weights;
}

/// The operations that are left, and a check that the outputs are those without the pass.
std::string operations(Session& session, const std::string& text, const Weights& weights) {
  Session plain;
  const graph::Graph before = plain.lowered_graph(text, "lower-to-graph");
  session.context.weights = &weights;
  const graph::Graph after = session.lowered_graph(text, "lower-to-graph");
  if (!session.context.remarks.empty() && session.context.depends_on_values) {
    CHECK(difference(interpret(before, weights, input_for(before)), interpret(after, weights, input_for(after))) == 0);
  }
  std::string names;
  for (const graph::Op& op : after.ops) names += (names.empty() ? "" : " ") + op.name;
  return names;
}

const std::string first_block = "s.0.conv1 s.0.bn1 s.0.relu s.0.conv2 s.0.bn2 s.0.skip s.0.relu2";
const std::string second_block = "s.1.conv1 s.1.bn1 s.1.relu s.1.conv2 s.1.bn2 s.1.skip s.1.relu2";

}  // namespace

TEST_CASE("a zero branch goes, and the ReLU after it, whose input is not negative") {
  Session session;
  CHECK(operations(session, two_blocks(), zero_branch("s.1")) == "x conv1 relu " + first_block);
  CHECK(session.context.depends_on_values);
  CHECK(session.remark("elide-identities", "s.1") == "the residual branch is zero: the block is the identity");
  CHECK(session.remark("elide-identities", "s.1.relu2") == "the ReLU goes too: its input is not negative");
}

TEST_CASE("an edge that spreads the block's input does not go, nor a branch that is gone back to") {
  const auto remarks = [](std::string_view edge, std::string_view after) {
    Session session;
    const std::string text = fmt::format(
        "block b {{ conv2: conv(1x1, 8) bn2: batch_norm {} relu {} }}\n"
        "network net {{ input x: f32[N, 3, 9, 9] one: conv(1x1, 1) b: b output y }}\n",
        edge, after);
    Weights weights = zero_branch("b");
    operations(session, text, weights);
    return session.context.remarks.size();
  };
  CHECK(remarks("skip from in via c { conv(1x1, 8) }", "") == 0);
  CHECK(remarks("skip spread from in", "") == 0);
  CHECK(remarks("skip spread from in", "from bn2 tanh") == 0);
}

TEST_CASE("'from' stays where a branch before it goes, and a branch that is gone back to stays") {
  for (const char* outputs : {"from s", "from in tanh concat from s", "relu from s concat from in"}) {
    CAPTURE(outputs);
    Session session;
    const std::string left = operations(session, two_blocks("a: relu", "from in relu", outputs), zero_branch("s.1"));
    CHECK(session.remark("elide-identities", "s.1") == "the residual branch is zero: the block is the identity");
    CHECK(left.find("s.1.conv1") == std::string::npos);
  }
  for (const char* inside : {"s: relu from bn2 from s", "s: relu from bn2 tanh skip from s"}) {
    CAPTURE(inside);
    Session session;
    operations(session, two_blocks("a: relu", inside), zero_branch("s.1"));
    CHECK(session.remark("elide-identities", "s.1").empty());
  }
}

TEST_CASE("every block of a network may go") {
  Session session;
  Weights weights = zero_branch("s.0");
  weights.filled.merge(zero_branch("s.1").filled);
  CHECK(operations(session, two_blocks(), weights) == "x conv1 relu");
}

TEST_CASE("the ReLU stays where its input may be negative") {
  Session session;
  CHECK(operations(session, two_blocks("bn1: batch_norm"), zero_branch("s.0")) == "x conv1 bn1 s.0.relu2 " + second_block);
}

TEST_CASE("pools, sigmoids and sums of what is not negative are not negative") {
  for (const char* between :
       {"relu max_pool(3x3, stride = 2, pad = 1)", "relu avg_pool(3x3, stride = 1, pad = 1)", "sigmoid", "a: relu sigmoid skip from a"}) {
    CAPTURE(between);
    Session session;
    CHECK(operations(session, two_blocks(between), zero_branch("s.0")).find("s.0.relu2") == std::string::npos);
  }
  Session session;
  CHECK(operations(session, two_blocks("a: relu c: conv(3x3, 16) skip from a"), zero_branch("s.0")).find("s.0.relu2") != std::string::npos);
}

TEST_CASE("a batch norm without a weight of its own multiplies by nothing that could be zero") {
  Session session;
  std::string text = two_blocks();
  text.replace(text.find("bn2: batch_norm"), std::string("bn2: batch_norm").size(), "bn2: batch_norm(affine = false)");
  CHECK(operations(session, text, {}) == "x conv1 relu " + first_block + " " + second_block);
}

TEST_CASE("without weights, and with a branch that is not zero, nothing happens") {
  Session without;
  const graph::Graph graph = without.lowered_graph(two_blocks(), "lower-to-graph");
  CHECK(graph.ops.size() == 17);
  CHECK_FALSE(without.context.depends_on_values);

  Weights weights = zero_branch("s.1");
  weights.given["s.1.bn2.bias"] = std::vector<double>(16, 0.0);
  weights.given["s.1.bn2.bias"][7] = 1e-30;
  Session session;
  CHECK(operations(session, two_blocks(), weights) == "x conv1 relu " + first_block + " " + second_block);
  CHECK_FALSE(session.context.depends_on_values);
}

TEST_CASE("a branch with a weight that is not finite stays: zero times infinity is no zero") {
  const double wrong[] = {std::numeric_limits<double>::infinity(), std::nan("")};
  for (const char* tensor : {"s.1.conv1.weight", "s.1.conv2.weight", "s.1.bn1.bias", "s.1.bn2.running_mean", "s.1.bn2.running_var"}) {
    for (double value : wrong) {
      CAPTURE(tensor);
      Weights weights = zero_branch("s.1");
      weights.filled[tensor] = value;
      Session session;
      CHECK(operations(session, two_blocks(), weights) == "x conv1 relu " + first_block + " " + second_block);
      CHECK(session.remark("elide-identities", "s.1").starts_with("the residual branch is kept: weights of "));
    }
  }
}

TEST_CASE("a branch that another edge or an output uses stays") {
  const char* used_by_edge = R"(block b {
  conv1: conv(3x3, 16)  bn1: batch_norm
  skip from in
  skip from conv1
}
network net { input x: f32[N, 16, 9, 9]  a: conv(1x1, 16)  stage s { b }  output y })";
  Weights weights;
  weights.filled["s.0.bn1.weight"] = 0;
  weights.filled["s.0.bn1.bias"] = 0;
  Session session;
  CHECK(operations(session, used_by_edge, weights) == "x a s.0.conv1 s.0.bn1 s.0.skip s.0.skip2");
}

TEST_CASE("a pre-activation branch of zeros goes: its last layer is a convolution") {
  const char* text = R"(block pre {
  bn1: batch_norm  relu  conv1: conv(3x3, 16)
  bn2: batch_norm  relu  conv2: conv(3x3, 16)
  skip from in
}
network net { input x: f32[N, 16, 9, 9]  a: conv(1x1, 16)  stage s { repeat 2 pre }  output y })";
  Weights weights;
  weights.filled["s.0.conv2.weight"] = 0;
  Session session;
  CHECK(operations(session, text, weights) == "x a s.1.bn1 s.1.relu s.1.conv1 s.1.bn2 s.1.relu2 s.1.conv2 s.1.skip");
}

TEST_CASE("a block with layers on its edge is no identity, and an output may name an elided block's value") {
  Session conv;
  const char* text = R"(block b { conv1: conv(3x3, 16)  bn1: batch_norm  skip from in via d { conv(1x1, 16) } }
network net { input x: f32[N, 16, 9, 9]  stage s { b }  output y })";
  Weights weights;
  weights.filled["s.0.bn1.weight"] = 0;
  weights.filled["s.0.bn1.bias"] = 0;
  CHECK(operations(conv, text, weights) == "x s.0.conv1 s.0.bn1 s.0.d.0 s.0.skip");

  Session session;
  CHECK(operations(session, two_blocks("relu", "relu", "output early from s"), zero_branch("s.1")) == "x conv1 relu " + first_block);
  Session all;
  passes::AnyIr ir = all.network(two_blocks("relu", "relu", "output early from s"));
  const Weights zero = zero_branch("s.1");
  all.context.weights = &zero;
  CHECK_MESSAGE(passes::run_pipeline(ir, passes::Level::program, all.context), all.diagnostics.render());
}
