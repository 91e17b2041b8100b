/// \file The options --device and --target of every subcommand that compiles, with the targets that they name, and the options --target and
/// --device-index of those that run a library.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/target.h"
#include "support/failure.h"

namespace resnetc::driver {

class Command;

using Targets = std::vector<const Target*>;

/// --device names the devices: cpu, cuda, or both. --target names some of the targets of these devices. A device without a named target has
/// a default: the best instruction set of this machine for the CPU, cuda for a GPU. Without --device, --target decides the devices too.
struct TargetOptions {
  std::vector<std::string> devices;  ///< empty: not named
  std::string target;                ///< empty: not named

  bool named() const { return !devices.empty() || !target.empty(); }
  /// Each once, best first. The command is to blame for an unknown name, and for a target of a device that is not named.
  Result<Targets> targets() const;
  /// The target of a command that needs one program. Fails if several targets are named.
  Result<const Target*> one_target() const;
};

/// Why a program cannot be compiled for `targets`, those of the options: they are not its own alone. Empty if they are, or if the options
/// name none.
std::string program_target_fault(const TargetOptions& options, const Targets& targets, const Target& own);

enum class Wanted { one_target, targets };
/// `prefix` stands before the help texts of the options.
void add_target_options(Command command, TargetOptions& options, Wanted wanted, const std::string& prefix = "");
/// Adds the option for the number of pictures that schedules are chosen for, with its check. A GPU's schedules depend on it.
void add_schedule_batch(Command command, const char* name, std::optional<int64_t>& batch, const std::string& help);

/// The reason why given options on the CPU's schedules and algorithms have no meaning for these targets; empty if they have one. `what` is
/// the purpose of an option.
struct CpuOption {
  bool given;
  const char* what;
  bool beside_gpu = false;  ///< whether it has a meaning in a library for both
};
std::string cpu_option_fault(const std::vector<CpuOption>& options, const Targets& targets);

/// Adds the options of a subcommand that runs a library.
void add_library_target(Command command, std::string& target, int& device);

}  // namespace resnetc::driver
