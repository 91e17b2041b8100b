/// \file `resnetc machine`: prints the description of a known machine, lists them, or measures this one.

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

#include "codegen/host.h"
#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/measured_machine.h"
#include "driver/table.h"
#include "driver/target_options.h"
#include "ir/machine_text.h"

namespace resnetc::driver {
namespace {

struct MachineOptions {
  std::optional<std::string> name;
  bool list = false;
  std::string output;
};

int list_machines() {
  Table table({{"machine"}, {"best target"}, {"where its figures are from"}});
  for (const Machine& machine : all_machines()) {
    const Target* target = best_target(machine);
    table.add({machine.name, target != nullptr ? target->name : fmt::format("none ({})", machine.architecture),
               machine.source.substr(0, machine.source.find(". "))});
  }
  fmt::print("{}", table.str());
  return done;
}

int measure_machine(const std::string& output) {
  if (const Result<> can = can_write(output); !can) return fail(can.failure());
  Progress progress("measuring this machine, rounds");
  Result<MeasuredMachine> measured = measured_machine([&](size_t count, size_t all) { progress.update(count, all); });
  progress.finish();
  if (!measured) return fail(measured.failure());
  for (const std::string& doubt : measured->doubts) say(fmt::format("resnetc: warning: {}\n", doubt));
  Machine& machine = measured->machine;
  const Machine* known = codegen::host_machine();
  machine.name = known != nullptr ? known->name : "measured";
  if (const Target* target = codegen::host_target(Arithmetic::integers); target != nullptr && !target->serves(Arithmetic::floats)) {
    machine.integer_target = target->name;
  }
  if (known != nullptr) machine.bf16_target = known->bf16_target;
  machine.source = "Measured by 'resnetc machine', version " RESNETC_VERSION ".";
  const std::string text = print(machine);
  if (const Result<> written = write_file(output, text); !written) {
    if (output != "-") fmt::print("{}", text);  // so that it is not measured in vain
    return fail(written.failure());
  }
  if (output != "-") fmt::print("{}  'resnetc compile NET.rn --machine {}' chooses schedules for it\n", output, output);
  return done;
}

int machine(const MachineOptions& options) {
  if (options.list) return list_machines();
  if (!options.name) return measure_machine(options.output.empty() ? "-" : options.output);
  const Machine* known = *options.name == "host" ? codegen::host_machine() : find_machine(*options.name);
  if (known == nullptr && *options.name == "host") {
    return fail({"this CPU is none of the known ones; 'resnetc machine -o FILE' measures it", Blame::limit});
  }
  if (known == nullptr) return usage_error(unknown_machine(*options.name));
  if (const Result<> written = write_file(options.output.empty() ? "-" : options.output, print(*known)); !written) {
    return fail(written.failure());
  }
  return done;
}

}  // namespace

void add_machine(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("machine", "measure this machine, or print what is known of another, for --machine");
  auto options = std::make_shared<MachineOptions>();
  command.add_positional("NAME", options->name,
                         "print this known machine (host: which this one is); without a name this machine is measured, for half a minute");
  command.add_flag("--list", options->list, "list the known machines");
  command.add_option("-o", options->output, "write the description to a file (standard output)").type_name("FILE");
  command.check([options]() -> std::string {
    if (options->list && options->name) return "--list lists all machines, and a name asks for one: give one of them";
    return options->list && !options->output.empty() ? "-o is for a machine's description, and --list prints none" : "";
  });
  command.callback([&invocation, options] { invocation.action = [options] { return machine(*options); }; });
}

}  // namespace resnetc::driver
