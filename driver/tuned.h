/// \file Reading of --tuned FILE, for the subcommands that take it.
#pragma once

#include <optional>
#include <string>

#include "driver/lowering.h"

namespace resnetc::driver {

/// What is wrong with asking for tuned schedules for these targets; empty if nothing is. One weights file serves all targets of a library,
/// and tuning may pack the weights in another way, which is measured for one of them only.
std::string tuned_targets_fault(const std::vector<const Target*>& targets);

/// Reads the file, with a warning if it is for another target. Nothing if it cannot be read: the reason is in `diagnostics`.
std::optional<program::Tuning> read_tuning(const std::string& path, const Target& target, Diagnostics& diagnostics);

/// Warns of kernels that the network does not have.
void warn_of_unused(const program::Tuning& tuning, const Lowered& lowered, const Target& target, Diagnostics& diagnostics);

}  // namespace resnetc::driver
