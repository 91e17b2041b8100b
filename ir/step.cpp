/// \file Facts about steps that follow from the table of operations.
#include "ir/step.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "support/table.h"

namespace resnetc::graph {

std::span<const OpInfo> all_steps() {
  static const std::vector<OpInfo> steps = [] {
    std::vector<OpInfo> found;
    for (const OpInfo& op : all_kinds()) {
      if (op.step() && !op.only_in_programs()) found.push_back(op);
    }
    const auto reads = [](const OpInfo& op) {
      const bool nothing = !op.joins() && op.constants.empty();
      return std::tuple(nothing, op.joins(), op.constants.size(), op.kind);
    };
    std::sort(found.begin(), found.end(), [&](const OpInfo& a, const OpInfo& b) { return reads(a) < reads(b); });
    return found;
  }();
  return steps;
}

std::optional<StepKind> step_named(std::string_view name) { return kind_named(all_steps(), name); }

bool is_step(OpKind op) { return info(op).step(); }

int operands_of(StepKind step) { return (info(step).joins() ? 1 : 0) + static_cast<int>(info(step).constants.size()); }

bool may_precede_projection(StepKind before) {
  return OpSet{StepKind::bias, StepKind::add, StepKind::project, StepKind::rescale}.has(before);
}

OpAttributes projection(int64_t channels) {
  OpAttributes attributes;
  attributes.channels = channels;
  return attributes;
}

}  // namespace resnetc::graph
