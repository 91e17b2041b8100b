/// \file The options --device and --target of every subcommand that compiles, and the targets that they name; and --target and
/// --device-index of those that run a library.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ir/target.h"
#include "support/failure.h"

namespace resnetc::driver {

using Targets = std::vector<const Target*>;

/// --device says for what: cpu, cuda, or both. --target says which of the targets that there are for these; a device for which it names
/// none has its own: the CPU the best instruction set of this machine, a GPU cuda. Without --device, --target says both.
struct TargetOptions {
  std::vector<std::string> devices;  ///< empty: not named
  std::string target;                ///< empty: not named

  bool named() const { return !devices.empty() || !target.empty(); }
  /// Each once, best first. The command is to blame for an unknown name, and for a target of a device that is not named.
  Result<Targets> targets() const;
  /// Where a program is wanted, which is for one target. Fails if several are named.
  Result<const Target*> one_target() const;
};

enum class Wanted { one_target, targets };
/// `prefix` stands before what help says of them.
void add_target_options(CLI::App& command, TargetOptions& options, Wanted wanted, const std::string& prefix = "");
/// The number of pictures that schedules are chosen for, which a GPU's depend on, with its check.
CLI::Option* add_schedule_batch(CLI::App& command, const char* name, std::optional<int64_t>& batch, const std::string& help);

/// Why options that are about the CPU's schedules and algorithms, as far as they are given, have no meaning for these targets; empty if
/// they have. `what` of each is what it does.
struct CpuOption {
  bool given;
  const char* what;
  bool beside_gpu = false;  ///< has a meaning in a library for both
};
std::string cpu_option_fault(const std::vector<CpuOption>& options, const Targets& targets);

/// Of a subcommand that runs a library.
void add_library_target(CLI::App& command, std::string& target, int& device);

}  // namespace resnetc::driver
