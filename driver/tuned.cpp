/// \file Reads files of tuned schedules for subcommands.
#include "driver/tuned.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "driver/common.h"

namespace resnetc::driver {

std::string tuned_targets_fault(const std::vector<const Target*>& targets) {
  return targets.size() == 1 ? "" : "tuned schedules are for one target: name one with --target";
}

std::optional<program::Tuning> read_tuning(const std::string& path, const Target& target, Diagnostics& diagnostics) {
  Result<std::string> text = read_file(path, program::max_tuning_bytes);
  if (!text) {
    diagnostics.error({}, text.failure().text);
    return std::nullopt;
  }
  const FileId file = diagnostics.sources().add(path, std::move(*text));
  std::optional<program::Tuning> tuning = program::parse_tuning(file, diagnostics);
  if (tuning && tuning->target != target.name) {
    diagnostics.warning({file, 0, 0, 0},
                        fmt::format("this is for the target '{}', and has no effect on '{}'", tuning->target, target.name));
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
