/// \file Writes dumps, and the reports of compile.
#include "driver/phases.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "driver/common.h"
#include "driver/gpu_report.h"
#include "driver/ir_format.h"
#include "driver/table.h"

namespace resnetc::driver {

void PhaseObserver::start(const passes::AnyIr& read) {
  std::error_code error;
  if (!directory_.empty() && !std::filesystem::create_directories(directory_, error) && error) {
    written_ = Failure{fmt::format("cannot make the folder '{}': {}", directory_, error.message())};
  }
  show(level_of(read) == passes::Level::topology ? "frontend" : "read", read, true);
}

void PhaseObserver::after_pass(const passes::PassRun& run) { show(run.pass.name, run.ir, run.changed); }

void PhaseObserver::show(std::string_view phase, const passes::AnyIr& ir, bool changed) {
  const auto* program = std::get_if<program::Program>(&ir);
  const std::string suffix = several_targets_ && program != nullptr ? "." + file_stem(label(*program)) : "";
  if (print_after_ == "all" || print_after_ == phase || (print_after_ == "change" && changed)) {
    say(fmt::format("# after {}{}\n{}\n", phase, suffix, passes::print(ir, sources_)));
  }
  if (!directory_.empty() && written_) {
    std::string file = fmt::format("{}/{:02}-{}{}.{}", directory_, number_, phase, suffix, level_name(level_of(ir)));
    written_ = write_file(file, passes::print(ir, sources_));
  }
  ++number_;
}

std::string goal_of(const program::Program& program) {
  if (program::on_gpu(program)) return program.target->name;
  return fmt::format("{}, with schedules for {}", program.target->name, program.machine.empty() ? default_machine().name : program.machine);
}

namespace {

/// The decisions about the whole program, as text.
std::string decisions(const program::Program& program) {
  const auto line = [](const program::Decision& decision, std::string_view yes, std::string_view no) {
    return fmt::format("{}{}{}\n", decision.yes ? yes : no, decision.reason.empty() ? "" : ": ", decision.reason);
  };
  return "\n" +
         line(program.by_picture, "each thread computes whole pictures of a batch",
              "all threads together compute one kernel of a batch after the other") +
         line(program.brief, "a run of one picture wakes no thread", "a run wakes the threads that sleep");
}

}  // namespace

std::string opt_report(const Lowered& lowered, const Sources& sources) {
  // Layers come in execution order: a remark is listed at its place in the topology, whichever pass made it. Remarks that the kernel's line
  // below repeats are left out, and remarks that apply to several targets are printed once.
  std::set<std::pair<std::string, std::string>> said;
  for (const auto& program : lowered.programs) {
    for (const auto& kernel : program.kernels) said.emplace(kernel.name, kernel.reason);
  }
  std::map<std::string, std::vector<const passes::Remark*>> by_value;
  for (const auto& remark : lowered.remarks) {
    if (said.emplace(remark.value, remark.text).second) by_value[remark.value].push_back(&remark);
  }
  std::string out;
  auto show = [&](const std::string& value) {
    auto found = by_value.find(value);
    if (found == by_value.end()) return;
    Location at = found->second.front()->at;
    out += value;
    if (at.known()) out += fmt::format("  ({}:{}:{})", sources.name(at.file), at.line, at.column);
    out += '\n';
    for (const auto* remark : found->second) out += fmt::format("  {}: {}\n", remark->pass, remark->text);
    by_value.erase(found);
  };
  for (const auto& value : lowered.topology.values) show(value.name);
  while (!by_value.empty()) show(std::string(by_value.begin()->first));

  for (const program::Program& program : lowered.programs) {
    out += fmt::format("\nkernels for {}\n", goal_of(program));
    Table table({{"kernel"}, {"multiply-adds", Table::Align::right}, {"why"}});
    for (const auto& kernel : program.kernels) {
      table.add({kernel.name, kernel.multiply_adds != 0 ? grouped(kernel.multiply_adds) : "", kernel.reason});
    }
    out += table.str() + decisions(program);
    if (program::on_gpu(program)) out += "\n" + gpu_report(program);
  }
  return out;
}

std::string time_report(const std::vector<passes::PassTime>& times) {
  double total = 0;
  for (const auto& time : times) total += time.seconds;
  Table table({{"pass"}, {"ms", Table::Align::right}, {"%", Table::Align::right}});
  for (const auto& time : times) {
    table.add({time.pass, fmt::format("{:.2f}", time.seconds * 1e3), fmt::format("{:.1f}", total > 0 ? 100 * time.seconds / total : 0)});
  }
  table.rule();
  table.add({"total", fmt::format("{:.2f}", total * 1e3), "100.0"});
  return table.str();
}

}  // namespace resnetc::driver
