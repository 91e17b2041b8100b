/// \file The candidates that tuning measures compute the same results as float64 loops.
#include "passes/candidates.h"
#include "codegen/kernels.h"
#include "tests/unit/codegen/kernels/harness.h"
#include "tests/unit/passes/session.h"

namespace resnetc::testing {

TEST_CASE("kernels: candidates of tuning compute what they should") {
  // One target is enough here, because the algorithms' own tests run on all of them.
  const Target target = runnable_targets().front();
  pass_test::Session session;
  session.context.target = &target;
  const auto program = std::get<program::Program>(session.lowered(R"(
network net {
  input image: f32[N, 16, 13, 11]
  conv1: conv(3x3, 32)
  conv2: conv(3x3, 32, stride = 2)
  conv3: conv(1x1, 64)
  output conv3
})",
                                                                  passes::Level::program));
  // A first layer over phases that ends with a pool, and a projection. The last layer's weights make room for the first one's.
  const auto pictures = std::get<program::Program>(session.lowered(R"(
block pair(width) {
  conv1: conv(3x3, width)  relu
  conv2: conv(3x3, width)
  skip from in via projection { conv(1x1, width) }
  relu
}
network pictures {
  input image: f32[N, 3, 46, 42]
  conv: conv(7x7, 32, stride = 2)  relu
  max_pool(3x3, stride = 2, pad = 1)
  pair: pair(48)
  last: conv(1x1, 208)
  output x
})",
                                                                   passes::Level::program));
  std::vector<KernelCase> cases;
  bool pooled = false, projected = false, halved = false;
  for (const program::Program* from : {&program, &pictures}) {
    for (const program::Kernel& kernel : from->kernels) {
      program::KernelSpec spec = spec_of(*from, kernel);
      for (const program::Schedule& schedule : passes::schedule_candidates(*from, kernel, default_machine(), largest_winograd_tile)) {
        spec.schedule = schedule;
        pooled = pooled || spec.pool;
        halved = halved || std::holds_alternative<program::StrassenSchedule>(schedule);
        for (const auto& step : spec.epilogue) projected = projected || step.kind == graph::StepKind::project;
        cases.push_back(make_case(kernel.name + " " + program::to_string(spec), spec, 2, 1));
      }
    }
  }
  CHECK(pooled);
  CHECK(projected);
  CHECK(halved);
  CHECK(cases.size() > 40);
  for (const std::string& failure : run_cases(cases, target)) FAIL_CHECK(failure);
}

}  // namespace resnetc::testing
