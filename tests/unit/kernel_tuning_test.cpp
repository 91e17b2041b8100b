/// \file The candidates that tuning measures are kernels like any other: each computes what float64 loops do.
#include "codegen/kernels.h"
#include "passes/candidates.h"
#include "tests/unit/kernel_harness.h"
#include "tests/unit/pass_test.h"

namespace resnetc::testing {

TEST_CASE("kernels: candidates of tuning compute what they should") {
  // On one target: the algorithms' own tests go through all of them.
  const codegen::TargetInfo target = runnable_targets().front();
  pass_test::Session session;
  session.context.target = target.halide;
  const auto program = std::get<program::Program>(session.lowered(R"(
network net {
  input image: f32[N, 16, 13, 11]
  conv1: conv(3x3, 32)
  conv2: conv(3x3, 32, stride = 2)
  conv3: conv(1x1, 64)
  output conv3
})",
                                                                  passes::Level::program));
  std::vector<KernelCase> cases;
  for (const program::Kernel& kernel : program.kernels) {
    program::KernelSpec spec = spec_of(program, kernel);
    for (const program::Schedule& schedule : passes::schedule_candidates(program, kernel, true)) {
      spec.schedule = schedule;
      cases.push_back(make_case(kernel.name + " " + program::to_string(spec), spec, 2, 1));
    }
  }
  CHECK(cases.size() > 20);
  for (const std::string& failure : run_cases(cases, target)) FAIL_CHECK(failure);
}

}  // namespace resnetc::testing
