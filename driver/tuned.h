/// \file Reads --tuned FILE, for the subcommands that have this option.
#pragma once

#include <optional>
#include <string>

#include "driver/lowering.h"

namespace resnetc::driver {

/// The reason why these targets cannot have tuned schedules; empty if they can. One weights file serves all targets of a library. Tuning
/// may pack the weights in another way, which is measured for one target only.
std::string tuned_targets_fault(const std::vector<const Target*>& targets);

/// Reads the file, with a warning if it is for another target, or was made beside another machine's schedules: kernels that are not in it
/// then differ from those that it was measured with. Nothing, and the reason in `diagnostics`, if it cannot be read.
std::optional<program::Tuning> read_tuning(const std::string& path, const Goal& goal, Diagnostics& diagnostics);

/// Warns of kernels in the file that the network does not have.
void warn_of_unused(const program::Tuning& tuning, const Lowered& lowered, const Target& target, Diagnostics& diagnostics);

}  // namespace resnetc::driver
