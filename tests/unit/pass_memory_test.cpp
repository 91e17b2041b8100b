/// \file plan-memory and the pipeline around the passes.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "passes/plan_memory.h"
#include "tests/unit/pass_test.h"

using namespace pass_test;

namespace {

/// A program of tensors a, b, c, ... of one pixel and 16 or more channels.
struct Plan {
  program::Program program;

  program::TensorId tensor(int64_t channels, Extent2 halo = {0, 0}) {
    program::Tensor t;
    t.name = std::string(1, static_cast<char>('a' + program.tensors.size()));
    t.type = TensorType::picture(channels, 1, 1);
    t.channel_stride = (channels + lanes - 1) / lanes * lanes;
    t.halo = halo;
    program.tensors.push_back(t);
    return static_cast<program::TensorId>(program.tensors.size() - 1);
  }

  program::Kernel& kernel(program::KernelKind kind, program::TensorId in, program::TensorId out) {
    program::Kernel& k = program.kernels.emplace_back();
    k.kind = kind;
    k.in = in;
    k.out = out;
    k.name = out == program::none ? "store" : program.tensor(out).name;
    return k;
  }

  /// Adds `operand` in the epilogue of the last kernel.
  void add(program::TensorId operand) {
    program::Step step;
    step.kind = graph::StepKind::add;
    step.operand = operand;
    program.kernels.back().epilogue.push_back(step);
  }

  /// Offsets in units of 64 bytes, then the arena's size.
  std::string plan() {
    Session session;
    passes::plan_memory(program, session.context);
    std::string text;
    for (const program::Tensor& t : program.tensors) text += fmt::format("{}:{} ", t.name, t.offset / 64);
    CHECK(program::check_memory_plan(program) == std::nullopt);
    return text + std::to_string(program.arena_bytes / 64);
  }
};

using program::KernelKind;

}  // namespace

TEST_CASE("plan-memory: what does not live at once shares bytes") {
  Plan p;
  const auto a = p.tensor(16), b = p.tensor(32), c = p.tensor(16), d = p.tensor(32);
  p.kernel(KernelKind::load, program::none, a);
  p.kernel(KernelKind::conv2d, a, b);
  p.kernel(KernelKind::conv2d, b, c);
  p.kernel(KernelKind::conv2d, c, d);
  p.kernel(KernelKind::store, d, program::none);
  CHECK(p.plan() == "a:2 b:0 c:2 d:0 3");
}

TEST_CASE("plan-memory: an output that is stored last lives until then") {
  Plan p;
  const auto a = p.tensor(16), b = p.tensor(16), c = p.tensor(16);
  p.kernel(KernelKind::load, program::none, a);
  p.kernel(KernelKind::conv2d, a, b);
  p.kernel(KernelKind::conv2d, b, c);
  p.kernel(KernelKind::store, a, program::none);
  p.kernel(KernelKind::store, c, program::none).port = 1;
  CHECK(p.plan() == "a:0 b:1 c:2 3");
}

TEST_CASE("plan-memory: a shortcut's sum takes the shortcut's place at its last use") {
  Plan p;
  const auto a = p.tensor(16), b = p.tensor(16), c = p.tensor(16);
  p.kernel(KernelKind::load, program::none, a);
  p.kernel(KernelKind::conv2d, a, b);
  p.kernel(KernelKind::conv2d, b, c);
  p.add(a);
  p.kernel(KernelKind::store, c, program::none);
  CHECK(p.plan() == "a:0 b:1 c:0 2");
}

TEST_CASE("plan-memory: not in place with another halo, with another use, or under a schedule that writes twice") {
  for (int variant = 0; variant < 4; ++variant) {
    CAPTURE(variant);
    Plan p;
    const auto a = p.tensor(variant == 3 ? 48 : 16), b = p.tensor(16);
    const auto c = variant == 0 ? p.tensor(16, {1, 1}) : p.tensor(variant == 3 ? 48 : 16);
    p.kernel(KernelKind::load, program::none, a);
    p.kernel(KernelKind::conv2d, a, b);
    p.kernel(KernelKind::conv2d, b, c);
    p.add(a);
    if (variant == 2) p.add(b);
    if (variant == 3) p.program.kernels.back().schedule.vectors = 2;
    p.kernel(KernelKind::store, c, program::none);
    if (variant == 1) p.kernel(KernelKind::store, a, program::none).port = 1;
    p.plan();
    // In the third, the convolution's own input is no place for its output, the other operand is.
    CHECK((p.program.tensor(c).offset == p.program.tensor(a).offset) == (variant == 2));
    CHECK(p.program.tensor(c).offset != p.program.tensor(b).offset);
  }
}

TEST_CASE("plan-memory: a copy works in its input's place, a convolution or pool does not") {
  for (KernelKind kind : {KernelKind::copy, KernelKind::conv2d, KernelKind::max_pool, KernelKind::softmax}) {
    Plan p;
    const auto a = p.tensor(16), b = p.tensor(16);
    p.kernel(KernelKind::load, program::none, a);
    p.kernel(kind, a, b);
    p.kernel(KernelKind::store, b, program::none);
    CHECK(p.plan() == (kind == KernelKind::copy ? "a:0 b:0 1" : "a:0 b:1 2"));
  }
}

TEST_CASE("plan-memory: a convolution that adds its own input writes elsewhere") {
  Plan p;
  const auto a = p.tensor(16), b = p.tensor(16);
  p.kernel(KernelKind::load, program::none, a);
  p.kernel(KernelKind::conv2d, a, b);
  p.add(a);
  p.kernel(KernelKind::store, b, program::none);
  CHECK(p.plan() == "a:0 b:1 2");
}

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
  CHECK(seen == "infer-shapes check-skips= elide-identities= lower-to-graph fold-batch-norm= fuse-shortcuts ");
  CHECK(session.context.times.size() == 6);
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
