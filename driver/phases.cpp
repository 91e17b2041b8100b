/// \file Dumps, --emit, and the reports of compile.
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
    failure_ = fmt::format("cannot make the folder '{}': {}", directory_, error.message());
  }
  show(level_of(read) == passes::Level::topology ? "frontend" : "read", read, true, nullptr);
}

void PhaseObserver::after_pass(const passes::PassInfo& pass, const passes::AnyIr& ir, bool changed, const codegen::TargetInfo* target) {
  show(pass.name, ir, changed, target);
}

void PhaseObserver::show(std::string_view phase, const passes::AnyIr& ir, bool changed, const codegen::TargetInfo* target) {
  std::string suffix = several_targets_ && target != nullptr ? "." + target->name : "";
  if (print_after_ == "all" || print_after_ == phase || (print_after_ == "change" && changed)) {
    say(fmt::format("# after {}{}\n{}\n", phase, suffix, passes::print(ir, sources_)));
  }
  if (!directory_.empty() && failure_.empty()) {
    std::string file = fmt::format("{}/{:02}-{}{}.{}", directory_, number_, phase, suffix, level_name(level_of(ir)));
    write_file(file, passes::print(ir, sources_), failure_);
  }
  ++number_;
}

const std::vector<std::string>& emit_kinds() {
  static const std::vector<std::string> kinds{"topology", "graph", "program", "dot", "json", "stmt", "llvm", "asm", "ptx"};
  return kinds;
}

bool emit(const std::vector<std::string>& kinds, const Lowered& lowered, const std::vector<const codegen::TargetInfo*>& targets,
          const Sources& sources, const std::string& directory, const std::string& name, std::vector<std::string>& written,
          std::string& why) {
  auto put = [&](const std::string& file, const std::string& text) {
    std::string path = directory + "/" + file;
    if (!write_file(path, text, why)) return false;
    written.push_back(path);
    return true;
  };
  auto program_suffix = [&](size_t i) { return targets.size() > 1 ? "." + targets[i]->name : std::string(); };
  for (const std::string& kind : kinds) {
    if (kind == "topology") {
      if (!put(name + ".topology", print_as(lowered.topology, "text", sources))) return false;
    } else if (kind == "graph") {
      if (!put(name + ".graph", print_as(lowered.graph, "text", sources))) return false;
    } else if (kind == "program") {
      for (size_t i = 0; i < lowered.programs.size(); ++i) {
        if (!put(name + program_suffix(i) + ".program", print_as(lowered.programs[i], "text", sources))) return false;
      }
    } else if (kind == "dot" || kind == "json") {  // NET.json is the manifest: these carry the level's name
      const bool topology = lowered.from == passes::Level::topology, graph = lowered.from <= passes::Level::graph;
      if (topology && !put(fmt::format("{}.topology.{}", name, kind), print_as(lowered.topology, kind, sources))) return false;
      if (graph && !put(fmt::format("{}.graph.{}", name, kind), print_as(lowered.graph, kind, sources))) return false;
      for (size_t i = 0; i < lowered.programs.size(); ++i) {
        if (!put(fmt::format("{}{}.program.{}", name, program_suffix(i), kind), print_as(lowered.programs[i], kind, sources))) return false;
      }
    } else {
      struct Form {
        const char *kind, *extension;
        codegen::KernelText text;
      };
      constexpr Form forms[] = {{"stmt", "stmt", codegen::KernelText::stmt},
                                {"llvm", "ll", codegen::KernelText::llvm},
                                {"asm", "s", codegen::KernelText::assembly},
                                {"ptx", "ptx", codegen::KernelText::ptx}};
      const Form* found_form = std::find_if(std::begin(forms), std::end(forms), [&](const Form& known) { return kind == known.kind; });
      if (found_form == std::end(forms)) {
        why = fmt::format("unknown kind '{}' for --emit", kind);
        return false;
      }
      const Form& form = *found_form;
      std::map<std::string, std::string> known;  // by spec and target: equal kernels are compiled once
      for (size_t i = 0; i < lowered.programs.size(); ++i) {
        const program::Program& program = lowered.programs[i];
        if (form.text == codegen::KernelText::ptx && !program::on_gpu(program)) continue;
        for (const program::Kernel& kernel : program.kernels) {
          codegen::KernelJob job{program::spec_of(program, kernel), program.target};
          std::string key = program.target + "\n" + program::to_string(job.spec);
          auto found = known.find(key);
          if (found == known.end()) {
            auto text = codegen::kernel_text(job, form.text, why);
            if (!text) return false;
            found = known.emplace(key, std::move(*text)).first;
          }
          // A store shares its output's name, which may be a layer's too.
          std::string stem = file_stem(kernel.name) + (kernel.kind == program::KernelKind::store ? ".store" : "") + program_suffix(i);
          if (!put(fmt::format("{}.{}", stem, form.extension), found->second)) return false;
        }
      }
    }
  }
  return true;
}

std::string opt_report(const Lowered& lowered, const std::vector<const codegen::TargetInfo*>& targets, const Sources& sources) {
  // Layers in execution order: a remark's place in the topology, not the pass that made it, says where it stands. What a kernel's line
  // below says is left out here, and what holds for several targets is said once.
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

  for (size_t i = 0; i < lowered.programs.size(); ++i) {
    out += fmt::format("\nkernels for {}\n", targets[i]->name);
    Table table({{"kernel"}, {"multiply-adds", Table::Align::right}, {"why"}});
    for (const auto& kernel : lowered.programs[i].kernels) {
      table.add({kernel.name, kernel.multiply_adds != 0 ? grouped(kernel.multiply_adds) : "", kernel.reason});
    }
    out += table.str();
    if (program::on_gpu(lowered.programs[i])) out += "\n" + gpu_report(lowered.programs[i]);
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
