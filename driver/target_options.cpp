/// \file Finds devices and targets by name.
#include "driver/target_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "codegen/host.h"
#include "driver/command_line.h"
#include "driver/common.h"

namespace resnetc::driver {

namespace {

Result<> append_targets(const std::string& text, Targets& targets) {
  const std::vector<std::string> names = split(text);
  for (const std::string& name : names) {
    const Target* target = codegen::target_named(name);
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

}  // namespace

Result<Targets> TargetOptions::targets() const {
  Targets targets;
  if (!target.empty() || devices.empty()) {
    if (const Result<> known = append_targets(target.empty() ? "host" : target, targets); !known) return known.failure();
  }
  const auto has = [&](bool gpu) { return std::any_of(targets.begin(), targets.end(), [=](const auto* t) { return t->on_gpu() == gpu; }); };
  for (const bool gpu : {false, true}) {
    const bool named = std::find(devices.begin(), devices.end(), to_string(gpu ? Device::cuda : Device::cpu)) != devices.end();
    if (!devices.empty() && !named && has(gpu)) {
      return Failure{fmt::format("--target {} names {}, and --device the {} alone: --device cuda,cpu makes a library for both", target,
                                 gpu ? "a GPU" : "an instruction set of the CPU", gpu ? "CPU" : "GPU"),
                     Blame::command};
    }
    if (!named || has(gpu)) continue;
    if (const Result<> known = append_targets(gpu ? "cuda" : "host", targets); !known) return known.failure();
  }
  const auto all = all_targets();
  const auto rank = [&](const Target* one) {
    return std::find_if(all.begin(), all.end(), [&](const auto& known) { return known.name == one->name; }) - all.begin();
  };
  std::sort(targets.begin(), targets.end(), [&](auto* a, auto* b) { return rank(a) < rank(b); });
  targets.erase(std::unique(targets.begin(), targets.end(), [](auto* a, auto* b) { return a->name == b->name; }), targets.end());
  return targets;
}

Result<const Target*> TargetOptions::one_target() const {
  const Result<Targets> found = targets();
  if (!found) return found.failure();
  if (found->size() == 1) return found->front();
  return Failure{"a program is for one target, and several are named with --target or --device", Blame::command};
}

std::string program_target_fault(const TargetOptions& options, const Targets& targets, const Target& own) {
  return !options.named() || targets == Targets{&own} ? "" : fmt::format("the program is for '{}', not for other targets", own.name);
}

void add_target_options(Command command, TargetOptions& options, Wanted wanted, const std::string& prefix) {
  const bool one = wanted == Wanted::one_target;
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
  command.add_option("--target", target, "one of the library's targets, instead of the best that runs here: some of " + target_names())
      .type_name("TARGET");
  command.add_option("--device-index", device, "which of several GPUs, counted from 0 (0)").type_name("N").range(0, 1023);
}

}  // namespace resnetc::driver
