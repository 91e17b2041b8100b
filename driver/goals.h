/// \file What programs are made for: each has a target, and schedules for a machine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ir/machine.h"
#include "ir/target.h"

namespace resnetc::driver {

using Targets = std::vector<const Target*>;

struct Goal {
  const Target* target = nullptr;
  const Machine* machine = &default_machine();  ///< whose schedules a CPU's program has
  bool operator==(const Goal&) const = default;
  /// The label of its program (ir/machine.h), and the one that no other program of the target answers to.
  std::string label() const { return label_of(*target, name_in_programs(*machine, *target)); }
  std::string exact_label() const { return exact_label_of(*target, name_in_programs(*machine, *target)); }
};

struct Goals {
  std::vector<Goal> each;              ///< each once; best target first, and for one target in the order of the known machines
  std::shared_ptr<const Machine> own;  ///< a machine that was read from a file, and is none of the known ones

  /// The targets, each as often as it has goals.
  Targets targets() const;
  const Goal& front() const { return each.front(); }
};

/// Pairs machines with targets. Each machine gets the best of the targets that it can run; a target that is no machine's best goes with the
/// first that can run it. A GPU's has the default machine. Sorted as Goals::each. A target that no machine can run has no goal.
std::vector<Goal> pair_up(const std::vector<const Machine*>& machines, const Targets& targets);
/// Puts goals in the order of Goals::each, and drops those that are there already.
void sort(std::vector<Goal>& goals);

}  // namespace resnetc::driver
