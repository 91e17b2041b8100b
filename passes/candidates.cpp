/// \file The candidates of direct sums and of each of Winograd's transforms, merged by what the model expects of these.
#include "passes/candidates.h"

#include <algorithm>

#include "passes/machine_model.h"
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
  const Convolution convolution{in.type, out.type, a};
  // The algorithm of a first layer over phases decides how its input is laid out: it stays.
  const std::optional<WinogradForm> form = winograd_form(a, in.type.channels);
  const std::optional<WinogradChoice> fixed = form && form->phases ? std::optional(choice_of(kernel.schedule)) : std::nullopt;
  std::vector<Family> families;
  if (!fixed || fixed->output == 0) {
    families.push_back(
        {expected_seconds(convolution, {}), direct_candidates(in, out, a, has_one_axis(spec), kernel.multiply_adds, program.target)});
  }
  if (!can_be_winograd(spec)) return families;
  for (int64_t output : {2, 4}) {
    if (output > largest_tile || winograd(*form, output) == nullptr) continue;
    for (bool packed : {true, false}) {
      const WinogradChoice choice{output, packed};
      if (fixed && *fixed != choice) continue;
      families.push_back({expected_seconds(convolution, choice), winograd_candidates(in, out, a, pool, choice, program.target)});
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
