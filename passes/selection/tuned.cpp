/// \file Tuned schedules that kernels take.
#include "passes/selection/tuned.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string>

#include "passes/algorithms.h"
#include "passes/selection/bare_kernels.h"

namespace resnetc::passes {
namespace {

using program::AlgorithmChoice;

AlgorithmChoice choice_of(const program::Schedule& schedule) { return implementation_of(schedule).choice_of(schedule); }

/// Why the kernel of `op` does not have the schedule that was measured for it.
const char* obstacle(const graph::Graph& graph, const graph::Op& op, const program::Schedule& measured, const PassContext& context) {
  if (context.winograd_tile == 0) return "transforms are switched off";
  const AlgorithmChoice choice = choice_of(measured);
  if (!choice.by->within(choice, context.winograd_tile)) return "its tiles are too large for the error allowed";
  return program::decides_layout(op.attributes, graph.op(op.operands[0]).type.channels) ? "its input is laid out for another algorithm"
                                                                                        : "the packed weights would be too large";
}

}  // namespace

TunedValues find_tuned(const graph::Graph& graph, const KernelChoices& choices, const program::Program& laid_out, PassContext& context) {
  TunedValues found(graph.ops.size());
  std::set<const program::TunedKernel*> faulty;  // a line may apply to several kernels but is reported once
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const auto value = static_cast<graph::ValueId>(i);
    if (info(graph.ops[i].kind).kernel != program::KernelKind::conv2d) continue;
    program::Kernel kernel = bare_kernel(graph, value, choices.pool(value));
    const program::TunedKernel* tuned = context.tuned->find(work_of(spec_of(laid_out, kernel)));
    if (tuned == nullptr) continue;
    kernel.schedule = tuned->schedule;
    const std::optional<std::string> fault = schedule_fault(spec_of(laid_out, kernel));
    if (!fault) {
      found[i] = tuned;
    } else if (faulty.insert(tuned).second) {
      context.diagnostics->error(tuned->at, fmt::format("'{}' cannot have this schedule: {}", graph.ops[i].name, *fault));
    }
  }
  return found;
}

void prefer_tuned(const TunedValues& tuned, const PassContext& context, KernelChoices& choices) {
  std::vector<std::optional<AlgorithmChoice>> wanted(choices.convolutions.size());
  for (size_t i = 0; i < choices.values.size(); ++i) {
    const program::TunedKernel* measured = tuned[static_cast<size_t>(choices.values[i])];
    if (measured == nullptr) continue;
    const AlgorithmChoice choice = choice_of(measured->schedule);
    const program::Convolution& convolution = choices.convolutions[i];
    const bool fixed = program::decides_layout(convolution.attributes, convolution.in.channels);
    if (!fixed && choice.by->within(choice, context.winograd_tile)) wanted[i] = choice;
  }
  std::vector<AlgorithmChoice> chosen = choices.convolution_algorithms();
  prefer(wanted, choices.convolutions, context.weights_limited, chosen);
  choices.set_convolution_algorithms(chosen);
}

program::ScheduleChoice tuned_or(program::ScheduleChoice modelled, const program::TunedKernel& measured, const graph::Graph& graph,
                                 const graph::Op& op, const AlgorithmChoice& chosen, const PassContext& context) {
  if (choice_of(measured.schedule) == chosen) {
    const std::string_view between = measured.reason.empty() ? "" : ": ";
    return {measured.schedule, fmt::format("tuned, {}{}{}", name_of(measured.schedule), between, measured.reason)};
  }
  modelled.reason += std::string("; tuned otherwise, but ") + obstacle(graph, op, measured.schedule, context);
  return modelled;
}

}  // namespace resnetc::passes
