/// \file Checks the PTX of a network's kernels without running it: the share of multiply-adds in the inner loops, the width of loads, and
/// whether the model of schedules predicts both. If NVIDIA's ptxas is installed, it also checks registers and spills. docs/cuda.md quotes
/// the table that this program prints.
#include <fmt/format.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/Program.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <map>
#include <regex>

#include "codegen/kernels.h"
#include "frontend/frontend.h"
#include "ir/algorithms/gpu_model.h"
#include "support/temp_dir.h"
#include "tests/exactness/compiled.h"
#include "tests/ptx/module.h"

namespace resnetc::static_checks {
namespace {

constexpr int64_t batch = 32;
/// The least multiply-adds of a picture for the checks of loads and tiles. Smaller networks do not fill a GPU and get smaller tiles, so
/// only spills and the model are checked for them.
constexpr int64_t least_multiply_adds = 1'000'000'000;
constexpr const char* architectures[] = {"sm_80", "sm_90"};

/// The innermost loop with the most multiply-adds.
struct Loop {
  int64_t instructions = 0, multiply_adds = 0;
  int64_t narrow_loads = 0;  ///< loads of global memory with fewer than 8 bytes for each thread
};

Loop inner_loop(const ptx::Entry& entry) {
  Loop best;
  const std::vector<ptx::Instruction>& all = entry.instructions;
  for (size_t end = 0; end < all.size(); ++end) {
    const auto begin = static_cast<size_t>(all[end].target);
    if (all[end].opcode != ptx::Opcode::bra || begin > end) continue;
    Loop loop;
    bool innermost = true;
    for (size_t i = begin; i <= end; ++i) {
      const ptx::Instruction& one = all[i];
      innermost = innermost && (i == end || one.opcode != ptx::Opcode::bra || static_cast<size_t>(one.target) > i);
      ++loop.instructions;
      loop.multiply_adds += one.opcode == ptx::Opcode::fma ? 1 : 0;
      const bool load = one.opcode == ptx::Opcode::ld && one.space == ptx::Space::global;
      loop.narrow_loads += load && one.width * ptx::bytes_of(one.type) < 8 ? 1 : 0;
    }
    if (innermost && loop.multiply_adds > best.multiply_adds) best = loop;
  }
  return best;
}

/// The output of ptxas for a module.
struct Assembled {
  int registers = 0, spilled_bytes = 0;
};

std::string find_ptxas() {
  if (const auto found = llvm::sys::findProgramByName("ptxas")) return *found;
  const auto found = llvm::sys::findProgramByName("ptxas", {"/usr/local/cuda/bin"});
  return found ? *found : "";
}

std::optional<Assembled> assemble(const std::string& ptxas, const TempDir& folder, const std::string& file, const char* architecture) {
  const std::string log = folder.file("ptxas.log"), target = std::string("-arch=") + architecture;
  const llvm::StringRef arguments[] = {ptxas, "-v", target, file, "-o", "/dev/null"};
  const std::optional<llvm::StringRef> redirects[] = {"", log, log};
  if (llvm::sys::ExecuteAndWait(ptxas, arguments, std::nullopt, redirects) != 0) return std::nullopt;
  const auto text = llvm::MemoryBuffer::getFile(log);
  if (!text) return std::nullopt;
  const std::string said = (*text)->getBuffer().str();
  std::smatch registers, spills;
  if (!std::regex_search(said, registers, std::regex(R"(Used (\d+) registers)"))) return std::nullopt;
  Assembled assembled{std::stoi(registers[1]), 0};
  if (std::regex_search(said, spills, std::regex(R"((\d+) bytes spill stores, (\d+) bytes spill loads)"))) {
    assembled.spilled_bytes = std::stoi(spills[1]) + std::stoi(spills[2]);
  }
  return assembled;
}

struct Checked {
  std::string name;
  program::KernelSpec spec;
  int64_t multiply_adds = 0;  ///< for one picture, in all kernels with this spec
  int64_t of_one = 0;
  Loop loop;
  std::map<std::string, Assembled> assembled;
};

int faults = 0;
void fault(const std::string& what) {
  ++faults;
  fmt::print("FAILED: {}\n", what);
}

std::vector<Checked> check(const program::Program& program, const std::string& ptxas) {
  std::vector<Checked> all;
  std::map<std::string, size_t> known;
  const TempDir folder;
  for (const program::Kernel& kernel : program.kernels) {
    const program::KernelSpec spec = program::spec_of(program, kernel);
    const auto [it, added] = known.emplace(program::to_string(spec), all.size());
    if (!added) {
      all[it->second].multiply_adds += kernel.multiply_adds;
      continue;
    }
    Checked one{kernel.name, spec, kernel.multiply_adds, kernel.multiply_adds, {}, {}};
    const codegen::KernelJob job{spec, program.target};
    const std::vector<codegen::KernelText> kinds{codegen::KernelText::ptx};
    const Result<codegen::KernelTextSet> texts = codegen::texts_of(std::span(&job, 1), kinds, {});
    const Result<ptx::Module> module = texts ? ptx::parse(texts->texts[0][0]) : texts.failure();
    if (!module || module->entries.size() != 1) {
      fault(fmt::format("{}: {}", kernel.name, module ? "it is more than one launch" : module.failure().text));
      continue;
    }
    const std::string& text = texts->texts[0][0];
    one.loop = inner_loop(module->entries[0]);
    const std::string file = folder.file("kernel.ptx");
    if (FILE* out = ptxas.empty() ? nullptr : fopen(file.c_str(), "w")) {
      fwrite(text.data(), 1, text.size(), out);
      fclose(out);
      for (const char* architecture : architectures) {
        const std::optional<Assembled> assembled = assemble(ptxas, folder, file, architecture);
        if (!assembled) {
          fault(fmt::format("{}: ptxas does not take it for {}", kernel.name, architecture));
        } else if (assembled->spilled_bytes != 0) {
          fault(fmt::format("{}: {} bytes spilled on {}", kernel.name, assembled->spilled_bytes, architecture));
        } else {
          one.assembled[architecture] = *assembled;
        }
      }
    }
    all.push_back(std::move(one));
  }
  return all;
}

double share(const Loop& loop) {
  return loop.instructions > 0 ? static_cast<double>(loop.multiply_adds) / static_cast<double>(loop.instructions) : 0;
}

void print(const std::vector<Checked>& all) {
  fmt::print("{:<26} {:>7} {:>5} {:>7} {:>5} {:>6} {:>6} {:>6} {:>9} {:>7}\n", "kernel", "blocks", "warps", "in loop", "model", "sm_80",
             "sm_90", "model", "A100, us", "of roof");
  for (const Checked& one : all) {
    const program::LaunchCost cost = program::launch_cost(one.spec);
    const auto registers = [&](const char* architecture) {
      const auto found = one.assembled.find(architecture);
      return found == one.assembled.end() ? std::string("-") : fmt::format("{}", found->second.registers);
    };
    const double seconds = program::predicted_seconds(program::a100(), one.spec, batch);
    const bool sums = one.of_one != 0;
    // If the whole reduction is unrolled, there is no loop.
    const std::string in_loop = one.loop.multiply_adds > 0 ? fmt::format("{:.1f} %", 100 * share(one.loop)) : "-";
    fmt::print("{:<26} {:>7} {:>5} {:>7} {:>5} {:>6} {:>6} {:>6} {:>9.1f} {:>7.2f}\n", one.name, cost.blocks, cost.warps,
               sums ? in_loop : "", sums ? fmt::format("{:.0f} %", 100 * cost.multiply_add_share) : "", registers("sm_80"),
               registers("sm_90"), sums ? fmt::format("{}", cost.registers) : "", 1e6 * seconds,
               seconds / program::roofline_seconds(program::a100(), one.spec, one.of_one, batch));
  }
}

/// Checks that nine tenths of a network's multiply-adds are in kernels whose inner loops load 8 or 16 bytes a thread at once, and which the
/// model expects to take at most 1.5 times what an A100's roofline allows. Networks too small to fill a GPU are left out.
void check_main_kernels(const std::string& network, const std::vector<Checked>& all) {
  int64_t total = 0, good = 0;
  std::string others;
  for (const Checked& one : all) {
    total += one.multiply_adds;
    const double seconds = program::predicted_seconds(program::a100(), one.spec, batch);
    const double roof = program::roofline_seconds(program::a100(), one.spec, one.of_one, batch);
    if (one.loop.narrow_loads == 0 && seconds <= 1.5 * roof) {
      good += one.multiply_adds;
    } else if (one.of_one != 0) {
      others += fmt::format(" {} ({} loads of 4 bytes, {:.2f} times its roofline)", one.name, one.loop.narrow_loads, seconds / roof);
    }
  }
  fmt::print("{:.1f} % of the multiply-adds are in kernels with wide loads near the roofline; not in them:{}\n\n",
             100 * static_cast<double>(good) / static_cast<double>(total), others);
  if (10 * good < 9 * total) fault(fmt::format("{}: wide loads near the roofline are for less than 90 % of its multiply-adds", network));
}

int run(int argc, char** argv) {
  CLI::App app{"Checks the PTX of networks' kernels without running it (docs/cuda.md)."};
  std::vector<std::string> files;
  app.add_option("NET.rn", files, "the networks")->required();
  CLI11_PARSE(app, argc, argv);
  const std::string ptxas = find_ptxas();
  size_t long_loops = 0, good_loops = 0, kernels = 0;
  for (const std::string& file : files) {
    Sources sources;
    Diagnostics diagnostics(sources);
    const Target* target = find_target("cuda");
    const auto network = load_network(file, {}, diagnostics);
    const std::vector<program::Program> programs =
        network ? exactness::lower(*network, {&target, 1}, diagnostics) : std::vector<program::Program>{};
    if (programs.empty()) {
      fmt::print(stderr, "{}", diagnostics.render());
      return 2;
    }
    const std::vector<Checked> all = check(programs[0], ptxas);
    fmt::print("{}\n", network->name);
    print(all);
    fmt::print("\n");
    int64_t total = 0;
    for (const Checked& one : all) total += one.multiply_adds;
    const bool fills_gpu = total >= least_multiply_adds;
    if (fills_gpu) check_main_kernels(network->name, all);
    kernels += all.size();
    for (const Checked& one : all) {
      if (one.loop.multiply_adds < 50) continue;
      if (fills_gpu) {
        ++long_loops;
        good_loops += share(one.loop) >= 0.8 ? 1 : 0;
      }
      const double model = program::launch_cost(one.spec).multiply_add_share;
      if (std::abs(model - share(one.loop)) > 0.06) {
        fault(fmt::format("{}, {}: the model expects {:.1f} % of its inner loop to multiply and add, {:.1f} % do", network->name, one.name,
                          100 * model, 100 * share(one.loop)));
      }
    }
  }
  if (10 * good_loops < 9 * long_loops) {
    fault(fmt::format("of {} inner loops with 50 multiply-adds or more, only {} are to 80 % of these", long_loops, good_loops));
  }
  fmt::print("{} kernels, {} with 50 multiply-adds or more in the inner loop, of {} of these 80 % or more of the instructions\n", kernels,
             long_loops, good_loops);
  if (ptxas.empty()) {
    fmt::print("ptxas is not installed here: registers and spills were not checked\n");
  } else {
    fmt::print("ptxas: no spills for sm_80 and sm_90 unless a line above says so\n");
  }
  return faults == 0 ? 0 : 1;
}

}  // namespace
}  // namespace resnetc::static_checks

int main(int argc, char** argv) { return resnetc::static_checks::run(argc, argv); }
