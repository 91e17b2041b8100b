/// \file The candidates of direct sums, of each of Winograd's transforms and of Strassen's products, merged by what the model expects of
/// these.
#include "passes/candidates.h"

#include <algorithm>

#include "passes/machine_model.h"
#include "passes/strassen_schedule.h"
#include "passes/winograd_schedule.h"

namespace resnetc::passes {

namespace {

/// Schedules of one choice, with the model's expectation of the choice.
struct Family {
  double seconds = 0;
  std::vector<program::Schedule> schedules;
};

std::vector<Family> families_of(const program::Program& program, const program::Kernel& kernel, int64_t largest_tile) {
  const program::KernelSpec spec = spec_of(program, kernel);
  const OpAttributes& a = kernel.attributes;
  const OpAttributes* pool = kernel.pool ? &*kernel.pool : nullptr;
  const program::Tensor& in = program.tensor(kernel.in);
  program::Tensor out = program.tensor(kernel.out);
  out.type = computed_type(spec);
  Convolution convolution{in.type, out.type, a, {}, in.channel_stride == in.type.channels};
  for (const program::Step& step : kernel.epilogue) {
    if (step.kind == graph::StepKind::project) convolution.projected.push_back(program.tensor(step.operand).type.channels);
  }
  // The algorithm of a first layer over phases decides how its input is laid out: it stays.
  const std::optional<WinogradForm> form = winograd_form(a, in.type.channels);
  const std::optional<AlgorithmChoice> fixed = form && form->phases ? std::optional(choice_of(kernel.schedule)) : std::nullopt;
  std::vector<Family> families;
  if (!fixed || fixed->algorithm == program::Algorithm::direct) {
    families.push_back(
        {expected_seconds(convolution, {}), direct_candidates(in, out, a, has_one_axis(spec), kernel.multiply_adds, *program.target)});
  }
  for (const AlgorithmChoice& choice : faster_algorithms(convolution, largest_tile)) {
    const double seconds = expected_seconds(convolution, choice);
    switch (choice.algorithm) {
      case program::Algorithm::strassen:
        if (can_be_strassen(spec)) families.push_back({seconds, strassen_candidates(convolution, out, *program.target)});
        break;
      case program::Algorithm::winograd:
        if (can_be_winograd(spec) && (!fixed || *fixed == choice)) {
          families.push_back({seconds, winograd_candidates(in, out, a, pool, choice, *program.target)});
        }
        break;
      case program::Algorithm::general:
      case program::Algorithm::direct:
      case program::Algorithm::threads: break;  // direct sums are above
    }
  }
  return families;
}

}  // namespace

std::vector<program::Schedule> schedule_candidates(const program::Program& program, const program::Kernel& kernel, int64_t largest_tile) {
  if (kernel.kind != program::KernelKind::conv2d) return {};
  const auto seconds = [](const Family& family) { return family.seconds; };
  std::vector<Family> families = ranked(families_of(program, kernel, largest_tile), seconds);
  if (families.empty()) return {};
  // The model is seldom wrong by more than this.
  std::erase_if(families, [least = families.front().seconds](const Family& family) { return family.seconds > 1.6 * least; });
  std::vector<program::Schedule> candidates;
  program::KernelSpec spec = spec_of(program, kernel);
  for (size_t rank = 0, longest = 1; rank < longest; ++rank) {
    for (const Family& family : families) {
      longest = std::max(longest, family.schedules.size());
      if (rank >= family.schedules.size()) continue;
      spec.schedule = family.schedules[rank];
      const bool known = std::find(candidates.begin(), candidates.end(), spec.schedule) != candidates.end();
      if (!known && !schedule_fault(spec)) candidates.push_back(spec.schedule);
    }
  }
  return candidates;
}

}  // namespace resnetc::passes
