/// \file Pairs machines with targets.
#include "driver/goals.h"

#include <algorithm>

namespace resnetc::driver {
namespace {

/// The place of the line with this one's name in a table; the table's length if there is none.
template <class Line>
size_t rank(std::span<const Line> table, const Line& one) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Line& known) { return known.name == one.name; });
  return static_cast<size_t>(found - table.begin());
}

}  // namespace

Targets Goals::targets() const {
  Targets targets;
  for (const Goal& goal : each) targets.push_back(goal.target);
  return targets;
}

void sort(std::vector<Goal>& goals) {
  const auto place = [](const Goal& goal) { return std::pair(rank(all_targets(), *goal.target), rank(all_machines(), *goal.machine)); };
  std::sort(goals.begin(), goals.end(), [&](const Goal& a, const Goal& b) { return place(a) < place(b); });
  goals.erase(std::unique(goals.begin(), goals.end()), goals.end());
}

std::vector<Goal> pair_up(const std::vector<const Machine*>& machines, const Targets& targets) {
  Targets best_first = targets;
  std::sort(best_first.begin(), best_first.end(),
            [](const Target* a, const Target* b) { return rank(all_targets(), *a) < rank(all_targets(), *b); });
  std::vector<Goal> goals;
  for (const Machine* machine : machines) {
    const auto best = std::find_if(best_first.begin(), best_first.end(), [&](const Target* target) { return can_run(*machine, *target); });
    if (best != best_first.end()) goals.push_back({*best, machine});
  }
  for (const Target* target : best_first) {
    if (target->on_gpu()) {
      goals.push_back({target});
      continue;
    }
    if (std::any_of(goals.begin(), goals.end(), [&](const Goal& goal) { return goal.target == target; })) continue;
    const auto able = std::find_if(machines.begin(), machines.end(), [&](const Machine* machine) { return can_run(*machine, *target); });
    if (able != machines.end()) goals.push_back({target, *able});
  }
  sort(goals);
  return goals;
}

}  // namespace resnetc::driver
