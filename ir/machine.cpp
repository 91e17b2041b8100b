/// \file The known machines.
#include "ir/machine.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/forms/text.h"

namespace resnetc {

const VectorRates& Machine::rates(int64_t register_bytes) const {
  const auto found = std::find_if(vectors.begin(), vectors.end(), [&](const VectorRates& one) { return one.bytes >= register_bytes; });
  return found == vectors.end() ? vectors.back() : *found;
}

double Machine::multiply_adds_a_second() const {
  constexpr double lane_bytes = 4;
  double most = 0;
  for (const VectorRates& one : vectors) most = std::max(most, one.multiply_adds * static_cast<double>(one.bytes) / lane_bytes);
  return most * cycles_a_second;
}

// A CPU is the first machine whose rule fits, so newer CPUs of a maker stand first. The third cache is that of a whole socket or desktop,
// and what "all cores" read is for two of a server's cores, as programs in small virtual machines have them, or for a desktop's.
// The ways of the first-level cache are from where its size is.
std::span<const Machine> all_machines() {
  constexpr const char *x86 = "x86-64", *arm = "aarch64";
  constexpr int64_t KiB = 1 << 10, MiB = 1 << 20;
  static const Machine table[] = {
      {
          .name = "generic",
          .architecture = x86,
          .cycles_a_second = 2.5e9,
          .latency = 4,
          .vectors = {{16, 2, 2, 1}, {32, 2, 2, 1}, {64, 2, 1.3, 1}},
          .first = {32 * KiB, 3.2e11},
          .second = {1 * MiB, 1.2e11},
          .third = {16 * MiB, 4e10},
          .first_ways = 8,
          .third_bytes_a_second_of_all = 8e10,
          .memory_bytes_a_second = 1.2e10,
          .memory_bytes_a_second_of_all = 2.4e10,
          .hidden = 0.7,
          .crowding = 1.7,
          .source =
              "A compromise: slow loads of 64 bytes and a slow memory. Schedules for them cost a fast core less than the reverse. The "
              "other figures lie between the vendors'.",
      },
      {
          .name = "sapphirerapids",
          .architecture = x86,
          .cycles_a_second = 3.4e9,
          .latency = 4,
          .vectors = {{16, 1.5, 2.4, 2}, {32, 2, 2, 2}, {64, 2, 1.3, 1}},
          .first = {48 * KiB, 2.8e11},
          .second = {2 * MiB, 1.85e11},
          .third = {105 * MiB, 3e10},
          .first_ways = 12,
          .third_bytes_a_second_of_all = 6e10,
          .memory_bytes_a_second = 1.4e10,
          .memory_bytes_a_second_of_all = 3.2e10,
          .hidden = 0.5,
          .crowding = 1.05,
          .integer_target = "avx512_vnni",
          .source = "Clock, loads of 64 bytes and the speeds of one core: rounded from what 'resnetc machine' measured in virtual machines "
                    "with two cores. So are hidden (0.58 to 0.64) and crowding (1.05 to 1.09). Other rates and the latency: uops.info "
                    "(Golden Cove). A dot product of bf16 takes two cycles, a multiply-add half of one: measured. Sizes of caches: Intel's "
                    "optimization manual. The speeds of all cores are estimates.",
          .rule = CpuRule{Vendor::intel, 0, feature::avx512, feature::amx_int8 | feature::avx512_fp16},
      },
      {
          .name = "icelake-server",
          .architecture = x86,
          .cycles_a_second = 2.85e9,
          .latency = 4,
          .vectors = {{16, 1, 2, 2}, {32, 2, 2, 2}, {64, 2, 1.2, 1}},
          .first = {48 * KiB, 2.2e11},
          .second = {1280 * KiB, 1.1e11},
          .third = {48 * MiB, 2.4e10},
          .first_ways = 12,
          .third_bytes_a_second_of_all = 4.8e10,
          .memory_bytes_a_second = 1.14e10,
          .memory_bytes_a_second_of_all = 2.2e10,
          .hidden = 0.5,
          .crowding = 1.05,
          .integer_target = "avx512_vnni",
          .source =
              "Clock, loads of 64 bytes and the memory's speed: measured in a virtual machine with two cores. Other rates and the "
              "latency: uops.info (Ice Lake). Caches: Intel's optimization manual; the speeds of the second and third are estimates, and "
              "hidden and crowding are Sapphire Rapids'.",
          .rule = CpuRule{Vendor::intel, 0, feature::avx512 | feature::avx512_vbmi2 | feature::avx512_vnni},
      },
      {
          .name = "skylake-avx512",
          .architecture = x86,
          .cycles_a_second = 2.4e9,
          .latency = 4,
          .vectors = {{16, 1, 2, 1}, {32, 2, 2, 1}, {64, 2, 1.3, 1}},
          .first = {32 * KiB, 2e11},
          .second = {1 * MiB, 1e11},
          .third = {24 * MiB, 2.4e10},
          .first_ways = 8,
          .third_bytes_a_second_of_all = 4.8e10,
          .memory_bytes_a_second = 1.2e10,
          .memory_bytes_a_second_of_all = 2.4e10,
          .hidden = 0.5,
          .crowding = 1.05,
          .source = "Rates and latency: uops.info (Skylake-X with two units for AVX-512); loads of 64 bytes: as measured on its "
                    "successors. Caches: Intel's optimization manual. The clock is that of servers under AVX-512; the speeds of caches and "
                    "memory are estimates for two cores of a server; hidden and crowding are Sapphire Rapids'.",
          .rule = CpuRule{Vendor::intel, 0, feature::avx512},
      },
      {
          .name = "alderlake",
          .architecture = x86,
          .cycles_a_second = 4.7e9,
          .latency = 4,
          .vectors = {{16, 1.5, 2.4, 2}, {32, 2, 2, 2}},
          .first = {48 * KiB, 3e11},
          .second = {1280 * KiB, 2e11},
          .third = {30 * MiB, 9e10},
          .first_ways = 12,
          .third_bytes_a_second_of_all = 5e11,
          .memory_bytes_a_second = 4e10,
          .memory_bytes_a_second_of_all = 7e10,
          .hidden = 0.5,
          .crowding = 1.3,
          .source = "Rates and latency: uops.info (Alder Lake-P, the core for performance); loads: measured on Sapphire Rapids, the same "
                    "core. Sizes of caches: chips and cheese, 'Popping the Hood on Golden Cove'. The clock is a desktop's. The speeds of "
                    "caches and memory, hidden and crowding are estimates, with DDR5.",
          .rule = CpuRule{Vendor::intel, 0, feature::avx2 | feature::avx_vnni, 0, feature::avx512},
      },
      {
          .name = "haswell",
          .architecture = x86,
          .cycles_a_second = 3.2e9,
          .latency = 5,
          .vectors = {{16, 1, 2, 1}, {32, 2, 2, 1}},
          .first = {32 * KiB, 2e11},
          .second = {256 * KiB, 8e10},
          .third = {8 * MiB, 5e10},
          .first_ways = 8,
          .third_bytes_a_second_of_all = 1.6e11,
          .memory_bytes_a_second = 1.6e10,
          .memory_bytes_a_second_of_all = 2.2e10,
          .hidden = 0.5,
          .crowding = 1.3,
          .source =
              "Rates and latency: uops.info and Agner Fog's tables (Haswell). Caches: Intel's optimization manual. The speeds of caches "
              "and memory, hidden and crowding are estimates for a desktop with two channels of DDR3-1600. It also stands for Broadwell "
              "and Skylake.",
          .rule = CpuRule{Vendor::intel, 0, feature::avx2, 0, feature::avx512},
      },
      {
          .name = "znver5",
          .architecture = x86,
          .cycles_a_second = 4.2e9,
          .latency = 4,
          .vectors = {{16, 2, 2, 2}, {32, 2, 2, 2}, {64, 2, 2, 1}},
          .first = {48 * KiB, 5.3e11},
          .second = {1 * MiB, 2.2e11},
          .third = {32 * MiB, 1.1e11},
          .first_ways = 12,
          .third_bytes_a_second_of_all = 2.2e11,
          .memory_bytes_a_second = 3.6e10,
          .memory_bytes_a_second_of_all = 7e10,
          .hidden = 0.9,
          .crowding = 1.7,
          .integer_target = "avx512_vnni",
          .bf16_target = "avx512_bf16",
          .source = "Clock (260 to 280 GFLOP/s a core) and the memory's speed: measured in virtual machines. Rates, latency and sizes of "
                    "caches: AMD's software optimization guide for Zen 5. The speeds of the caches, hidden and crowding are estimates.",
          .rule = CpuRule{Vendor::amd, 0x1a, feature::avx2},
      },
      {
          .name = "znver4",
          .architecture = x86,
          .cycles_a_second = 3.6e9,
          .latency = 4,
          .vectors = {{16, 2, 2, 2}, {32, 2, 2, 1}, {64, 1, 1, 0.5}},
          .first = {32 * KiB, 2.3e11},
          .second = {1 * MiB, 1.1e11},
          .third = {32 * MiB, 9.4e10},
          .first_ways = 8,
          .third_bytes_a_second_of_all = 1.88e11,
          .memory_bytes_a_second = 2.2e10,
          .memory_bytes_a_second_of_all = 4.4e10,
          .hidden = 0.9,
          .crowding = 1.7,
          .integer_target = "avx512_vnni",
          .bf16_target = "avx512_bf16",
          .source = "Clock (115 GFLOP/s a core), the memory's speed (17 to 28 GB/s a core) and the third cache's: measured in virtual "
                    "machines. Rates, latency and sizes of caches: AMD's software optimization guide for Zen 4. The other speeds of "
                    "caches, hidden and crowding are estimates.",
          .rule = CpuRule{Vendor::amd, 0x19, feature::avx512},
      },
      {
          .name = "znver3",
          .architecture = x86,
          .cycles_a_second = 3.4e9,
          .latency = 4,
          .vectors = {{16, 2, 2, 2}, {32, 2, 2, 1}},
          .first = {32 * KiB, 2.1e11},
          .second = {512 * KiB, 9e10},
          .third = {32 * MiB, 8e10},
          .first_ways = 8,
          .third_bytes_a_second_of_all = 1.6e11,
          .memory_bytes_a_second = 2.2e10,
          .memory_bytes_a_second_of_all = 4e10,
          .hidden = 0.9,
          .crowding = 1.7,
          .source =
              "Rates, latency and sizes of caches: AMD's software optimization guide for Zen 3, and uops.info. The clock is a server's; "
              "the speeds of caches and memory, hidden and crowding are estimates for two of its cores.",
          .rule = CpuRule{Vendor::amd, 0x19, feature::avx2, 0, feature::avx512},
      },
      {
          .name = "neoverse-v2",
          .architecture = arm,
          .cycles_a_second = 2.8e9,
          .latency = 2,
          .vectors = {{16, 4, 3, 2}},
          .first = {64 * KiB, 1.3e11},
          .second = {2 * MiB, 9e10},
          .third = {36 * MiB, 4e10},
          .first_ways = 4,
          .third_bytes_a_second_of_all = 8e10,
          .memory_bytes_a_second = 3e10,
          .memory_bytes_a_second_of_all = 6e10,
          .hidden = 0.5,
          .crowding = 1.3,
          .source = "Rates, and the latency on an accumulator: Arm's Neoverse V2 software optimization guide. Clock and sizes of caches: "
                    "chips and cheese on "
                    "Graviton 4. The speeds of caches and memory, hidden and crowding are estimates for two cores.",
      },
      {
          .name = "neoverse-v1",
          .architecture = arm,
          .cycles_a_second = 2.6e9,
          .latency = 2,
          .vectors = {{16, 4, 3, 2}, {32, 2, 2, 1}},
          .first = {64 * KiB, 1.6e11},
          .second = {1 * MiB, 8e10},
          .third = {32 * MiB, 3.5e10},
          .first_ways = 4,
          .third_bytes_a_second_of_all = 7e10,
          .memory_bytes_a_second = 2.8e10,
          .memory_bytes_a_second_of_all = 5.6e10,
          .hidden = 0.5,
          .crowding = 1.3,
          .source =
              "Rates, and the latency on an accumulator: Arm's Neoverse V1 software optimization guide (registers of 32 bytes are "
              "SVE's). Clock and sizes of "
              "caches: chips and cheese on Graviton 3. The speeds of caches and memory, hidden and crowding are estimates for two cores.",
      },
      {
          .name = "neoverse-n1",
          .architecture = arm,
          .cycles_a_second = 2.5e9,
          .latency = 2,
          .vectors = {{16, 2, 2, 1}},
          .first = {64 * KiB, 8e10},
          .second = {1 * MiB, 5e10},
          .third = {32 * MiB, 2.3e10},
          .first_ways = 4,
          .third_bytes_a_second_of_all = 4.6e10,
          .memory_bytes_a_second = 2e10,
          .memory_bytes_a_second_of_all = 4e10,
          .hidden = 0.5,
          .crowding = 1.3,
          .source = "Rates, and the latency on an accumulator: Arm's Neoverse N1 software optimization guide. Clock and sizes of caches: "
                    "those of Graviton 2. The "
                    "speeds of caches and memory, hidden and crowding are estimates for two cores.",
      },
      {
          .name = "cortex-a76",
          .architecture = arm,
          .cycles_a_second = 2.4e9,
          .latency = 2,
          .vectors = {{16, 2, 2, 1}},
          .first = {64 * KiB, 7.5e10},
          .second = {512 * KiB, 4e10},
          .third = {2 * MiB, 2e10},
          .first_ways = 4,
          .third_bytes_a_second_of_all = 4e10,
          .memory_bytes_a_second = 9e9,
          .memory_bytes_a_second_of_all = 1.2e10,
          .hidden = 0.5,
          .crowding = 1.3,
          .source = "Rates, and the latency on an accumulator: Arm's Cortex-A76 software optimization guide. Clock and sizes of caches: "
                    "those of a Raspberry Pi 5. The "
                    "speeds of caches and memory, hidden and crowding are estimates.",
      },
      {
          .name = "cortex-a72",
          .architecture = arm,
          .cycles_a_second = 1.5e9,
          .latency = 3,
          .vectors = {{16, 1, 1, 1}},
          .first = {32 * KiB, 2.4e10},
          .second = {1 * MiB, 1.2e10},
          .third = {0, 4.5e9},
          .first_ways = 2,
          .third_bytes_a_second_of_all = 5e9,
          .memory_bytes_a_second = 4.5e9,
          .memory_bytes_a_second_of_all = 5e9,
          .hidden = 0.3,
          .crowding = 1.3,
          .source = "Rates, and the latency on an accumulator: Arm's Cortex-A72 software optimization guide. Clock, sizes of caches and "
                    "the memory's speed (STREAM): "
                    "those of a Raspberry Pi 4. The speeds of the caches, hidden and crowding are estimates.",
      },
  };
  return table;
}

const Machine& default_machine() { return all_machines().front(); }

const Machine* find_machine(std::string_view name) {
  const auto all = all_machines();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Machine& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

namespace {

/// A name that other compilers have for CPUs, and what to write here.
struct Foreign {
  std::string_view name, advice;
};
constexpr std::string_view as_haswell = "'haswell' stands for it", as_skylake = "'skylake-avx512' stands for it",
                           as_icelake = "'icelake-server' is the nearest", as_alderlake = "'alderlake' stands for it",
                           as_sapphire = "'sapphirerapids' is the nearest", as_any = "no machine is near to it: 'generic' stands for any";
constexpr Foreign foreign_names[] = {
    {"native", "'host' is the machine that compiles"},
    {"broadwell", as_haswell},
    {"skylake", as_haswell},
    {"kabylake", as_haswell},
    {"coffeelake", as_haswell},
    {"cometlake", as_haswell},
    {"skylake-x", as_skylake},
    {"skx", as_skylake},
    {"cascadelake", as_skylake},
    {"cooperlake", as_skylake},
    {"icelake", "'icelake-server' stands for it"},
    {"icelake-client", as_icelake},
    {"tigerlake", as_icelake},
    {"rocketlake", as_icelake},
    {"emeraldrapids", as_sapphire},
    {"graniterapids", as_sapphire},
    {"raptorlake", as_alderlake},
    {"meteorlake", as_alderlake},
    {"zen5", "'znver5' is its name here"},
    {"zen4", "'znver4' is its name here"},
    {"zen3", "'znver3' is its name here"},
    {"zen2", as_any},
    {"zen1", as_any},
    {"zen", as_any},
    {"znver2", as_any},
    {"znver1", as_any},
    {"sandybridge", as_any},
    {"ivybridge", as_any},
};

}  // namespace

std::string unknown_machine(std::string_view name) {
  std::vector<std::string_view> names{"host"};
  for (const Machine& machine : all_machines()) names.push_back(machine.name);
  for (const Foreign& foreign : foreign_names) {
    if (name == foreign.name) return fmt::format("unknown CPU '{}'; {}", name, foreign.advice);
  }
  return text::unknown_name("CPU", name, names);
}

std::string machine_name_fault(std::string_view name) {
  constexpr size_t most = 64;
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  if (name == "host") return "'host' stands for the machine that compiles, so no machine has this name";
  if (!name.empty() && name.size() <= most && std::all_of(name.begin(), name.end(), good)) return "";
  return fmt::format("a machine's name is 1 to {} letters, digits, '-', '_' and '.'", most);
}

std::string name_in_programs(const Machine& machine, const Target& target) {
  return target.on_gpu() || machine.name == default_machine().name ? "" : machine.name;
}

std::string label_of(const Target& target, std::string_view machine) {
  return machine.empty() ? target.name : fmt::format("{}:{}", target.name, machine);
}

std::string exact_label_of(const Target& target, std::string_view machine) {
  return target.on_gpu() ? target.name : label_of(target, machine.empty() ? default_machine().name : machine);
}

bool can_run(const Machine& machine, const Target& target) {
  return !target.on_gpu() && info(target.architecture).name == machine.architecture && target.registers.bytes <= machine.widest();
}

const Target* best_target(const Machine& machine, Arithmetic arithmetic) {
  const std::string& known = arithmetic == Arithmetic::integers ? machine.integer_target : machine.bf16_target;
  const Target* special = arithmetic == Arithmetic::floats ? nullptr : find_target(known);
  if (special != nullptr && can_run(machine, *special)) return special;
  const auto all = all_targets();
  const auto serves = [&](const Target& target) { return target.serves(Arithmetic::floats) && can_run(machine, target); };
  const auto found = std::find_if(all.begin(), all.end(), serves);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace resnetc
