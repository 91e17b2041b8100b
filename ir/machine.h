/// \file The description of a machine by which schedules are chosen: how much a core computes and moves in a given time, and how large its
/// caches are. A Machine says nothing of instruction sets, and nothing of the number of registers, which the target has (ir/target.h). What
/// an algorithm's own transforms cost stands with the algorithm. GPUs have a description of their own (ir/algorithms/gpu_model.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/target.h"

namespace resnetc {

// A figure that a line of the table forgets has a value that is out of its range (ir/machine_text.cpp), which a test finds. Figures "for
// information" are measured and printed, and no model reads them yet.

/// What a core begins in each cycle with vector registers of one width, when nothing else holds it up.
struct VectorRates {
  int64_t bytes = 0;  ///< of a register
  double multiply_adds = 0;
  double loads = 0;
  double stores = 0;  ///< for information
  bool operator==(const VectorRates&) const = default;
};

/// A cache, as one core uses it.
struct Cache {
  int64_t bytes = 0;          ///< that a core may fill; 0: there is no such cache
  double bytes_a_second = 0;  ///< that one core reads from it; of the first-level cache, for information
  bool operator==(const Cache&) const = default;
};

/// Who made a CPU. The same numbers as in runtime/model.h.
enum class Vendor : uint32_t { other, intel, amd };

/// Which CPUs a machine describes, by what they say of themselves. The model is not asked, because virtual machines hide it.
struct CpuRule {
  Vendor vendor{};
  uint32_t family = 0;                  ///< 0: any
  uint64_t all = 0, any = 0, none = 0;  ///< features: a CPU has all of these, one of these (if there are any), and none of these
  bool operator==(const CpuRule&) const = default;
};

struct Machine {
  std::string name;
  std::string architecture;          ///< as in ArchitectureInfo::name; resnetc may have no target for it
  double cycles_a_second = 0;        ///< of a core whose vector units are all at work
  double latency = 0;                ///< cycles from a multiply-add to the next on the same accumulator
  std::vector<VectorRates> vectors;  ///< narrowest registers first; never empty

  Cache first, second, third;               ///< a line has 64 bytes; where there is no third, its speed is the memory's
  int64_t first_ways = 0;                   ///< lines of a set of the first-level cache
  double third_bytes_a_second_of_all = 0;   ///< that all cores together read from the third-level cache; for information
  double memory_bytes_a_second = 0;         ///< that one core reads from memory
  double memory_bytes_a_second_of_all = 0;  ///< that all cores together read from memory; for information
  /// The part of fetching that passes behind multiply-adds: of two times, one for arithmetic and one for bytes that it needs, this part of
  /// the shorter one. Cores differ in how many lines they can wait for while they go on.
  double hidden = -1;
  /// How much longer a tile takes if its pixels push each other out of their set of the first-level cache.
  double crowding = 0;

  std::string integer_target = {};   ///< the target with instructions for integers that it is known to run; empty: none is known
  std::string bf16_target = {};      ///< the same for bf16; empty also if they gain nothing over multiply-adds of floats
  std::string source;                ///< where the figures are from, in words
  std::optional<CpuRule> rule = {};  ///< nothing: no CPU is recognised as this machine

  bool operator==(const Machine&) const = default;

  /// The rates of registers of this width; those of the widest if there are none so wide.
  const VectorRates& rates(int64_t register_bytes) const;
  /// Multiply-adds of one lane of 32 bits that a core does in a second with its widest registers.
  double multiply_adds_a_second() const;
  /// The bytes between two addresses that share a set of the first-level cache.
  int64_t first_period() const { return first.bytes / first_ways; }
  /// The bytes of the widest registers.
  int64_t widest() const { return vectors.back().bytes; }
};

/// The machine for which schedules are chosen if none is named. It stands for current x86-64 cores of all vendors: a compromise, with slow
/// loads of 64 bytes and a slow memory; its other figures lie between the vendors'.
const Machine& default_machine();
/// The known machines, the default first. A CPU is the first whose rule fits (codegen/host.h).
std::span<const Machine> all_machines();
/// The known machine with this name. Null if there is none.
const Machine* find_machine(std::string_view name);
/// The message about a name that no known machine has. It knows other compilers' names of CPUs.
std::string unknown_machine(std::string_view name);
/// Why a machine cannot have this name; empty if it can. A library's programs have names made from it.
std::string machine_name_fault(std::string_view name);

/// The name of the machine that its programs for the target carry: empty for the default machine and for a GPU.
std::string name_in_programs(const Machine& machine, const Target& target);
/// The name of a program in a library, for its target and the name of its machine, which is empty for the default machine and for a GPU:
/// "avx512:icelake-server", or "avx512" for the default machine.
std::string label_of(const Target& target, std::string_view machine);
/// The name by which a caller gets this program and no other for the same target: with ":generic" for the default machine.
std::string exact_label_of(const Target& target, std::string_view machine);

/// Whether the target is for a processor, and the machine has the target's registers.
bool can_run(const Machine& machine, const Target& target);
/// The best target of the table that the machine can run and that serves the arithmetic. Null if there is none: resnetc has no target for
/// its architecture.
const Target* best_target(const Machine& machine, Arithmetic arithmetic = Arithmetic::floats);

}  // namespace resnetc
