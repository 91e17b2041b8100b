/// \file Finds devices and targets by name.
#include "driver/target_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "codegen/host.h"
#include "driver/command_line.h"
#include "driver/common.h"
#include "ir/machine_text.h"

namespace resnetc::driver {

namespace {

Result<> append_targets(const std::string& text, Arithmetic arithmetic, Targets& targets) {
  const std::vector<std::string> names = split(text);
  for (const std::string& name : names) {
    const Target* target = codegen::target_named(name, arithmetic);
    if (target == nullptr) {
      return Failure{name == "host" ? "this machine has none of the instruction sets that resnetc compiles for: " + target_names()
                                    : fmt::format("unknown target '{}': the targets are host, {}", name, target_names()),
                     Blame::command};
    }
    targets.push_back(target);
  }
  if (names.empty()) return Failure{"no target is named; the targets are host, " + target_names(), Blame::command};
  return {};
}

/// The machines of the options, and what follows from how they were named.
struct Machines {
  std::vector<const Machine*> named;
  std::vector<bool> by_host;  ///< whether the machine's default target is this machine's best
  std::shared_ptr<const Machine> own;

  void add(const Machine& machine, bool host) {
    named.push_back(&machine);
    by_host.push_back(host || machine.name == default_machine().name);
  }
};

/// The known machine that this one is, or the default one, with a note.
const Machine& host_or_default() {
  if (const Machine* here = codegen::host_machine(); here != nullptr) return *here;
  say(fmt::format(
      "resnetc: note: this CPU is none of the known ones, so schedules are for '{}'; 'resnetc machine -o FILE' measures it, for "
      "--machine FILE\n",
      default_machine().name));
  return default_machine();
}

Result<> append_cpu(const std::string& name, Machines& machines) {
  if (name == "host") {
    machines.add(host_or_default(), true);
    return {};
  }
  const Machine* found = find_machine(name);
  if (found == nullptr) return Failure{"--cpu: " + unknown_machine(name), Blame::command};
  if (best_target(*found) == nullptr) {
    return Failure{fmt::format("--cpu {}: resnetc has no target for {} yet", name, found->architecture), Blame::command};
  }
  machines.add(*found, false);
  return {};
}

Result<Machines> machines_of(const TargetOptions& options, Diagnostics& diagnostics) {
  Machines machines;
  if (!options.machine.empty() && !options.cpu.empty()) {
    return Failure{"--cpu and --machine both name the machine that schedules are for: give one of them", Blame::command};
  }
  if (!options.machine.empty()) {
    Result<std::string> text = read_file(options.machine, max_machine_bytes);
    if (!text) return text.failure();
    std::optional<Machine> read = parse_machine(diagnostics.sources().add(options.machine, std::move(*text)), diagnostics);
    if (!read) return first_failure(diagnostics);
    machines.own = std::make_shared<const Machine>(std::move(*read));
    if (best_target(*machines.own) == nullptr) {
      return Failure{fmt::format("--machine {}: resnetc has no target for {} yet", options.machine, machines.own->architecture)};
    }
    machines.add(*machines.own, false);
    return machines;
  }
  if (options.cpu.empty()) {
    machines.add(default_machine(), true);
    return machines;
  }
  const std::vector<std::string> names = split(options.cpu);
  for (const std::string& name : names) {
    if (const Result<> known = append_cpu(name, machines); !known) return known.failure();
  }
  if (names.empty()) return Failure{"--cpu names no machine; 'resnetc machine --list' lists them", Blame::command};
  return machines;
}

/// The default target of each machine.
Result<> append_defaults(const Machines& machines, Arithmetic arithmetic, std::vector<Goal>& goals) {
  for (size_t i = 0; i < machines.named.size(); ++i) {
    Targets host;
    if (machines.by_host[i]) {
      if (const Result<> known = append_targets("host", arithmetic, host); !known) return known.failure();
    }
    goals.push_back({machines.by_host[i] ? host.front() : best_target(*machines.named[i], arithmetic), machines.named[i]});
  }
  return {};
}

/// Which machine can run none of the targets, or which target goes with no machine.
std::string misfit(const std::string& option, const Machines& machines, const Targets& targets, const std::vector<Goal>& goals) {
  for (const Machine* machine : machines.named) {
    if (std::any_of(goals.begin(), goals.end(), [&](const Goal& goal) { return goal.machine == machine; })) continue;
    return fmt::format("'{}' has registers of {} bytes, too few for --target {}: its best target is {}", machine->name, machine->widest(),
                       option, best_target(*machine)->name);
  }
  for (const Target* target : targets) {
    if (std::any_of(goals.begin(), goals.end(), [&](const Goal& goal) { return goal.target == target; })) continue;
    return fmt::format("--target {} needs registers of {} bytes, which no machine that is named has: 'resnetc machine --list' shows others",
                       target->name, target->registers.bytes);
  }
  return "";
}

}  // namespace

Result<Goals> TargetOptions::goals(Diagnostics& diagnostics, Arithmetic arithmetic) const {
  Targets targets;
  if (!target.empty()) {
    if (const Result<> known = append_targets(target, arithmetic, targets); !known) return known.failure();
  }
  const auto has = [&](bool gpu) { return std::any_of(targets.begin(), targets.end(), [=](const auto* t) { return t->on_gpu() == gpu; }); };
  const auto names_device = [&](Device device) { return std::find(devices.begin(), devices.end(), to_string(device)) != devices.end(); };
  for (const bool gpu : {false, true}) {
    if (!devices.empty() && !names_device(gpu ? Device::cuda : Device::cpu) && has(gpu)) {
      return Failure{fmt::format("--target {} names {}, and --device the {} alone: --device cuda,cpu makes a library for both", target,
                                 gpu ? "a GPU" : "an instruction set of the CPU", gpu ? "CPU" : "GPU"),
                     Blame::command};
    }
  }
  if (names_device(Device::cuda) && !has(true)) {
    if (const Result<> known = append_targets("cuda", arithmetic, targets); !known) return known.failure();
  }
  const bool default_of_cpu = !has(false) && (names_device(Device::cpu) || (target.empty() && devices.empty()));
  if (!default_of_cpu && !has(false) && !machine_option().empty()) {
    return Failure{fmt::format("{} chooses schedules of the CPU, and the library is for a GPU", machine_option()), Blame::command};
  }
  const Result<Machines> machines = machines_of(*this, diagnostics);
  if (!machines) return machines.failure();
  Goals goals{pair_up(machines->named, targets), machines->own};
  if (default_of_cpu) {
    if (const Result<> known = append_defaults(*machines, arithmetic, goals.each); !known) return known.failure();
    sort(goals.each);
  }
  if (const std::string fault = has(false) ? misfit(target, *machines, targets, goals.each) : ""; !fault.empty()) {
    return Failure{fault, Blame::command};
  }
  if (wanted == Wanted::one_target && goals.each.size() != 1) {
    return Failure{"a program is for one target and one machine, and several are named with --target, --device or --cpu", Blame::command};
  }
  return goals;
}

std::string program_target_fault(const TargetOptions& options, const Goals& goals, const Target& own) {
  if (const std::string_view option = options.machine_option(); !option.empty()) {
    return fmt::format("{} chooses schedules, and a program has its own", option);
  }
  return !options.named() || goals.targets() == Targets{&own} ? ""
                                                              : fmt::format("the program is for '{}', not for other targets", own.name);
}

void add_target_options(Command command, TargetOptions& options, Wanted wanted, const std::string& prefix) {
  const bool one = wanted == Wanted::one_target;
  options.wanted = wanted;
  command
      .add_option("--target", options.target,
                  fmt::format("{}host (this machine's best instruction set), or {} of {}", prefix, one ? "one" : "some", target_names()))
      .type_name(one ? "TARGET" : "T[,T...]");
  command
      .add_option("--device", options.devices,
                  prefix + (one ? "cpu (the default) or cuda" : "cpu (the default), cuda, or both; --target chooses among their targets"))
      .type_name(one ? "DEVICE" : "DEVICE[,DEVICE]")
      .delimiter(',')
      .one_of({"cpu", "cuda"}, InHelp::hidden);
  command
      .add_option("--cpu", options.cpu,
                  fmt::format("{}choose schedules for {} of 'resnetc machine --list' (generic)", prefix,
                              one ? "a CPU: host, or a name" : "one or more CPUs: host, or names"))
      .type_name(one ? "CPU" : "CPU[,CPU...]");
  command.add_option("--machine", options.machine, prefix + "choose schedules for the CPU that 'resnetc machine -o FILE' measured")
      .type_name("FILE");
}

void add_schedule_batch(Command command, const char* name, std::optional<int64_t>& batch, const std::string& help) {
  command.add_option(name, batch, help).type_name("N").range(1, 65536);
}

std::string cpu_option_fault(const std::vector<CpuOption>& options, const Targets& targets) {
  if (!targets.front()->on_gpu()) return "";
  const bool alone = targets.size() == 1;
  for (const CpuOption& option : options) {
    if (!option.given || (option.beside_gpu && !alone)) continue;
    return fmt::format("{}, and the library is for a GPU{}", option.what, alone ? "" : " as well");
  }
  return "";
}

void add_library_target(Command command, std::string& target, int& device) {
  command
      .add_option("--target", target,
                  "one of the library's targets, instead of the best that runs here: some of " + target_names() +
                      "; TARGET:CPU names one of a target's programs for several CPUs")
      .type_name("TARGET");
  command.add_option("--device-index", device, "which of several GPUs, counted from 0 (0)").type_name("N").range(0, 1023);
}

}  // namespace resnetc::driver
