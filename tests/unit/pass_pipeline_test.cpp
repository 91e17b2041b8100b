/// \file The pipeline around the passes: order, stops, times, levels.
#include <doctest/doctest.h>

#include <fmt/format.h>
#include <fstream>
#include <iterator>

#include "tests/unit/pass_test.h"

using namespace pass_test;

TEST_CASE("the pipeline's list: levels in order, every pass with its reason") {
  passes::Level level = passes::Level::topology;
  for (const passes::PassInfo& p : passes::all_passes()) {
    CAPTURE(std::string(p.name));
    CHECK(p.from == level);
    CHECK(p.to >= p.from);
    CHECK_FALSE(p.description.empty());
    CHECK_FALSE(p.order.empty());
    level = p.to;
  }
  CHECK(level == passes::Level::program);
}

TEST_CASE("the pipeline stops where it is told, times each pass and shows what changed") {
  Session session;
  std::string seen;
  session.context.after_pass = [&](const passes::PassInfo& p, const passes::AnyIr&, bool changed) {
    seen += fmt::format("{}{} ", p.name, changed ? "" : "=");
  };
  passes::AnyIr ir =
      session.lowered("network net { input x: f32[N, 4] a: linear(4) relu output y }", passes::Level::program, "fuse-shortcuts");
  CHECK(ir.index() == 1);
  std::string wanted;
  size_t count = 0;
  for (const passes::PassInfo& p : passes::all_passes()) {
    const bool changes = p.name == "infer-shapes" || p.name == "lower-to-graph" || p.name == "fuse-shortcuts";
    wanted += fmt::format("{}{} ", p.name, changes ? "" : "=");
    ++count;
    if (p.name == "fuse-shortcuts") break;
  }
  CHECK(seen == wanted);
  CHECK(session.context.times.size() == count);
  CHECK(session.context.times.front().pass == "infer-shapes");
}

TEST_CASE("the pipeline goes on from the level it is given") {
  Session session;
  passes::AnyIr ir = session.lowered_graph("network net { input x: f32[N, 4] a: linear(4) relu output y }", "lower-to-graph");
  REQUIRE(passes::run_pipeline(ir, passes::Level::program, session.context));
  CHECK(std::get<program::Program>(ir).kernels.size() == 3);
}

TEST_CASE("a pass of another level is refused") {
  Session session;
  passes::AnyIr ir = session.network("network net { input x: f32[N, 4] a: linear(4) relu output y }");
  CHECK_FALSE(session.run("fuse-pools", ir));
  CHECK(session.diagnostics.all().front().text == "the pass 'fuse-pools' does not work on this level");
}

TEST_CASE("long rows of layers take time in proportion to their length, and no deep recursion") {
  for (const char* layer : {"relu", "batch_norm", "gate via g { relu }", "a: relu skip from in"}) {
    CAPTURE(layer);
    Session session;
    const graph::Graph graph = session.lowered_graph(
        fmt::format("network net {{ input x: f32[N, 4, 3, 3] stage s {{ c: conv(1x1, 4) repeat 12000 {{ {} }} }} output y }}", layer), "");
    CHECK(graph.ops.size() > 1000);
    double seconds = 0;
    for (const passes::PassTime& t : session.context.times) seconds += t.seconds;
    CHECK(seconds < 10);
  }
}

TEST_CASE("documents name every layer, step, pass and algorithm") {
  const auto text_of = [](const char* file) {
    std::ifstream in(std::string(RESNETC_SOURCE_DIR) + "/" + file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string readme = text_of("README.md"), language = text_of("docs/language.md"), ir = text_of("docs/ir.md");
  REQUIRE(!readme.empty());
  for (const passes::PassInfo& pass : passes::all_passes()) {
    CAPTURE(pass.name);
    CHECK(readme.find("-" + std::string(pass.name) + ".") != std::string::npos);  // the phases' files
  }
  for (const graph::StepInfo& step : graph::all_steps()) {
    CAPTURE(step.name);
    CHECK(ir.find("\"" + std::string(step.name)) != std::string::npos);
  }
  for (int i = 0; program::to_string(static_cast<program::Algorithm>(i)) != program::no_name; ++i) {
    CAPTURE(program::to_string(static_cast<program::Algorithm>(i)));
    CHECK(ir.find("\"" + std::string(program::to_string(static_cast<program::Algorithm>(i))) + "\"") != std::string::npos);
  }
  for (const OpInfo& op : all_ops()) {
    if (op.layer.empty()) continue;
    CAPTURE(op.layer);
    CHECK(language.find("`" + std::string(op.layer) + "`") != std::string::npos);
  }
}
