/// \file plan-memory: which tensors share bytes.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "passes/plan_memory.h"
#include "tests/unit/passes/session.h"

using namespace pass_test;

namespace {

/// A program of tensors a, b, c, ... of one pixel and 16 or more channels.
struct Plan {
  program::Program program;

  Plan() { program.target = find_target("sse41"); }

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

/// The same kernels for a GPU.
Plan on_gpu(Plan plan) {
  plan.program.target = find_target("cuda");
  for (program::Kernel& kernel : plan.program.kernels) kernel.schedule = program::ThreadSchedule{};
  return plan;
}

}  // namespace

TEST_CASE("plan-memory: on a GPU a halo's place is shared by the same layout alone") {
  Plan p;
  // a and c have the same layout with a halo, b has another one, and d has no halo. Only neighbours live at the same time.
  const auto a = p.tensor(16, {1, 1}), b = p.tensor(32, {1, 1}), c = p.tensor(16, {1, 1}), d = p.tensor(16), e = p.tensor(16);
  p.kernel(KernelKind::load, program::none, a);
  p.kernel(KernelKind::conv2d, a, b);
  p.kernel(KernelKind::conv2d, b, c);
  p.kernel(KernelKind::conv2d, c, d);
  p.kernel(KernelKind::conv2d, d, e);
  p.kernel(KernelKind::store, e, program::none);
  CHECK(Plan(p).plan() == "a:18 b:0 c:18 d:0 e:1 27");
  Plan gpu = on_gpu(p);
  CHECK(gpu.plan() == "a:18 b:0 c:18 d:27 e:28 29");
  gpu.program.tensors[3].offset = 0;
  const std::optional<Finding> finding = program::check_memory_plan(gpu.program);
  REQUIRE(finding);
  CHECK(finding->what == "tensor 'b' shares memory with 'd', and one of them has a halo that the other overwrites");
}

TEST_CASE("plan-memory: on a GPU nothing is written in place") {
  Plan p;
  const auto a = p.tensor(16), b = p.tensor(16), c = p.tensor(16);
  p.kernel(KernelKind::load, program::none, a);
  p.kernel(KernelKind::conv2d, a, b);
  p.kernel(KernelKind::conv2d, b, c);
  p.add(a);
  p.kernel(KernelKind::store, c, program::none);
  CHECK(Plan(p).plan() == "a:0 b:1 c:0 2");
  CHECK(on_gpu(p).plan() == "a:0 b:1 c:2 3");
}

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
    if (variant == 3) p.program.kernels.back().schedule = program::DirectSchedule{.vectors = 2};
    p.kernel(KernelKind::store, c, program::none);
    if (variant == 1) p.kernel(KernelKind::store, a, program::none).port = 1;
    p.plan();
    // In the third, the output can take the place of the other operand, but not of the convolution's own input.
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
