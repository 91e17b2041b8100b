/// \file The options --device, --target, --cpu and --machine of every subcommand that compiles, with the goals that they name, and the
/// options --target and --device-index of those that run a library.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "driver/goals.h"
#include "support/diagnostics.h"
#include "support/failure.h"

namespace resnetc::driver {

class Command;

enum class Wanted { one_target, targets };

/// --device names the devices: cpu, cuda, or both. --target names some of the targets of these devices. Without --device, --target decides
/// the devices too. --cpu names the machines whose schedules the CPU's programs have, --machine a file that describes one.
///
/// A device without a named target has a default: cuda for a GPU. For the CPU the default is the best target of each machine. This
/// machine's best target stands for the machines `generic` and `host`, so that with any other artefacts depend on the command line alone.
struct TargetOptions {
  std::vector<std::string> devices;  ///< empty: not named
  std::string target;                ///< empty: not named
  std::string cpu;                   ///< empty: not named
  std::string machine;               ///< empty: not named
  Wanted wanted = Wanted::targets;

  bool named() const { return !devices.empty() || !target.empty(); }
  /// The option that names machines; empty if none does.
  std::string_view machine_option() const { return !cpu.empty() ? "--cpu" : !machine.empty() ? "--machine" : ""; }
  /// One of these options that the command line has; empty if there is none.
  std::string_view given() const { return !devices.empty() ? "--device" : !target.empty() ? "--target" : machine_option(); }
  /// At least one goal; exactly one if that is wanted. The command is to blame for an unknown name, for a target of a device that is not
  /// named, and for a target that no machine can run. What is wrong with the file of a machine is in `diagnostics`, and the failure is the
  /// first of its errors. If the machine is that of `host`, and no known one, a note on stderr says so.
  /// Defaults serve the arithmetic.
  Result<Goals> goals(Diagnostics& diagnostics, Arithmetic arithmetic = Arithmetic::floats) const;
};

/// Why a program that was read cannot be compiled for the goals of the options: its target is not theirs, or they name a machine, and the
/// program has its schedules. Empty if it can.
std::string program_target_fault(const TargetOptions& options, const Goals& goals, const Target& own);

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
