/// \file The pipeline around the passes: order, stops, times, levels.
#include <doctest/doctest.h>

#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <sstream>

#include "ir/forms/text_forms.h"
#include "tests/unit/passes/session.h"

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
  session.context.after_pass = [&](const passes::PassRun& run) { seen += fmt::format("{}{} ", run.pass.name, run.changed ? "" : "="); };
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
  // No pass can remove any of these: the outputs depend on all of them.
  for (const std::string layer : {"sigmoid", "batch_norm", "gate via g { sigmoid }", "a: sigmoid skip from in"}) {
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

TEST_CASE("documents name every layer, attribute, step, pass, algorithm and schedule's parameter") {
  const auto text_of = [](const char* file) {
    std::ifstream in(std::string(RESNETC_SOURCE_DIR) + "/" + file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string readme = text_of("README.md"), language = text_of("docs/language.md"), ir = text_of("docs/ir-text.md");
  REQUIRE(!readme.empty());
  // The phases' files, in their order.
  constexpr std::string_view extensions[] = {"topology", "graph", "program"};
  std::string phases = "\n00-frontend.topology\n";
  for (size_t i = 0; i < passes::all_passes().size(); ++i) {
    const passes::PassInfo& pass = passes::all_passes()[i];
    phases += fmt::format("{:02}-{}.{}\n", i + 1, pass.name, extensions[static_cast<size_t>(pass.to)]);
  }
  CHECK_MESSAGE(readme.find(phases) != std::string::npos, "README lists other phases than", phases);
  for (const OpInfo& step : graph::all_steps()) {
    CAPTURE(std::string(step.name));
    CHECK(ir.find("\"" + std::string(step.name)) != std::string::npos);
  }
  // Each key=value of a text form.
  const auto check_keys = [&](const std::string& text) {
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      const size_t end = word.find('=');
      CAPTURE(word);
      CHECK(ir.find("\"" + (end == std::string::npos ? word + "\"" : word.substr(0, end + 1))) != std::string::npos);
    }
  };
  OpAttributes attributes;
  for_each_attribute([&]<class T>(const Attribute<T>& one) {
    T& value = attributes.*one.field;
    if constexpr (std::is_same_v<T, bool>) {
      value = !value;
    } else if constexpr (std::is_same_v<T, Extent2>) {
      value = {5, 5};
    } else if constexpr (std::is_same_v<T, Sides>) {
      value = Extent2{5, 5};
    } else {
      value += T{5};
    }
  });
  check_keys(text::attributes(attributes));
  struct RaiseFlags {
    void number(std::string_view, int64_t&, std::string_view) {}
    void extent(std::string_view, Extent2&, std::string_view) {}
    void unless_zero(std::string_view, int64_t& value, std::string_view) { value = 1; }
    void flag(std::string_view, bool& value, std::string_view) { value = true; }
  } all_flags;
  for (program::Schedule schedule : program::default_schedules()) {
    describe(all_flags, schedule);
    const std::string name(name_of(schedule));
    CAPTURE(name);
    CHECK(ir.find("\"" + name + "\"") != std::string::npos);
    check_keys(text::schedule(schedule));
  }
  for (const OpInfo& op : all_ops()) {
    if (op.layer.empty()) continue;
    CAPTURE(std::string(op.layer));
    CHECK(language.find("`" + std::string(op.layer) + "`") != std::string::npos);
  }
}
