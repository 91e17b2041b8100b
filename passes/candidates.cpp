/// \file Merges the candidates of all choices of algorithms, in the order in which the model ranks the choices.
#include "passes/candidates.h"

#include <algorithm>

#include "ir/algorithms/implementation.h"
#include "ir/algorithms/machine_model.h"

namespace resnetc::passes {

namespace {

/// Schedules of one choice, with the time that the model expects of the choice.
struct Family {
  double seconds = 0;
  std::vector<program::Schedule> schedules;
};

std::vector<program::Convolution> convolutions_of(const program::Program& program) {
  std::vector<program::Convolution> found;
  for (const program::Kernel& kernel : program.kernels) {
    if (kernel.kind == program::KernelKind::conv2d) found.push_back(convolution_of(spec_of(program, kernel)));
  }
  return found;
}

std::vector<Family> families_of(const program::Program& program, const program::Kernel& kernel, const Machine& machine,
                                int64_t largest_tile) {
  const program::KernelSpec spec = spec_of(program, kernel);
  const program::Convolution convolution = convolution_of(spec);
  const program::Situation situation{spec, kernel.multiply_adds, *program.target, machine};
  // If the choice decides the layout of the input, it does not change.
  const bool fixed = program::decides_layout(kernel.attributes, convolution.in.channels);
  const program::AlgorithmChoice own = implementation_of(kernel.schedule).choice_of(kernel.schedule);
  const double rate = weight_bytes_a_second(machine, convolutions_of(program));
  std::vector<Family> families;
  for (const program::AlgorithmChoice& choice : all_choices(convolution, machine, largest_tile)) {
    if (!choice.by->applies(spec) || (fixed && own != choice)) continue;
    families.push_back({expected_seconds(convolution, choice, machine, rate), choice.by->candidates(situation, choice)});
  }
  return families;
}

}  // namespace

std::vector<program::Schedule> schedule_candidates(const program::Program& program, const program::Kernel& kernel, const Machine& machine,
                                                   int64_t largest_tile) {
  if (kernel.kind != program::KernelKind::conv2d) return {};
  const auto seconds = [](const Family& family) { return family.seconds; };
  std::vector<Family> families = program::ranked(families_of(program, kernel, machine, largest_tile), seconds);
  if (families.empty()) return {};
  // The model is rarely wrong by more than this factor.
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
