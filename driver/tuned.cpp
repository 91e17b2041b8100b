/// \file Reads files of tuned schedules for subcommands.
#include "driver/tuned.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "driver/common.h"

namespace resnetc::driver {

std::string tuned_targets_fault(const std::vector<const Target*>& targets) {
  if (targets.size() == 1) return "";
  const bool one = std::all_of(targets.begin(), targets.end(), [&](const Target* target) { return target == targets.front(); });
  return one ? "tuned schedules are for one CPU: name one with --cpu"
             : "tuned schedules are for one target and one CPU: name one with --target, and at most one with --cpu";
}

std::optional<program::Tuning> read_tuning(const std::string& path, const Goal& goal, Diagnostics& diagnostics) {
  Result<std::string> text = read_file(path, program::max_tuning_bytes);
  if (!text) {
    diagnostics.error({}, text.failure().text);
    return std::nullopt;
  }
  const FileId file = diagnostics.sources().add(path, std::move(*text));
  std::optional<program::Tuning> tuning = program::parse_tuning(file, diagnostics);
  if (!tuning) return tuning;
  const Location start{file, 0, 0, 0};
  const std::string machine = name_in_programs(*goal.machine, *goal.target);
  if (tuning->target != goal.target->name) {
    diagnostics.warning(start, fmt::format("this is for the target '{}', and has no effect on '{}'", tuning->target, goal.target->name));
  } else if (tuning->machine != machine) {
    const auto shown = [](const std::string& name) { return name.empty() ? default_machine().name : name; };
    diagnostics.warning(start, fmt::format("this was measured beside the schedules for '{}', and the other kernels get those for '{}': "
                                           "name the same machine with --cpu or --machine",
                                           shown(tuning->machine), shown(machine)));
  }
  return tuning;
}

void warn_of_unused(const program::Tuning& tuning, const Lowered& lowered, const Target& target, Diagnostics& diagnostics) {
  if (tuning.target != target.name) return;  // read_tuning() has warned
  std::set<std::string> works;
  for (const program::Program& program : lowered.programs) {
    for (const program::Kernel& kernel : program.kernels) works.insert(work_of(spec_of(program, kernel)));
  }
  const auto unused = [&](const program::TunedKernel& kernel) { return !works.contains(kernel.work); };
  const auto first = std::find_if(tuning.kernels.begin(), tuning.kernels.end(), unused);
  if (first == tuning.kernels.end()) return;
  diagnostics.warning(first->at, fmt::format("{} of {} tuned kernels are not in this network; this is the first",
                                             std::count_if(first, tuning.kernels.end(), unused), tuning.kernels.size()));
}

}  // namespace resnetc::driver
