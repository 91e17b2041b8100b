/// \file What code is made for. The tables of architectures, devices and targets are here: nothing else knows a target's instruction sets,
/// its registers or how LLVM and Halide call it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace resnetc {

/// Of a processor: the one that runs kernels, or the host of the device that does.
enum class Architecture {
#define ARCHITECTURE(identifier, ...) identifier,
#include "ir/architectures.def"
#undef ARCHITECTURE
};

struct ArchitectureInfo {
  Architecture architecture;
  std::string_view name;       ///< in messages
  std::string_view triple;     ///< LLVM's, of Linux
  std::string_view baseline;   ///< LLVM's name of the processor that all code but kernels is for
  std::string_view emulation;  ///< LLD's
  std::string_view halide;     ///< what Halide's names of targets begin with
};
/// In the order of the enum.
std::span<const ArchitectureInfo> all_architectures();
const ArchitectureInfo& info(Architecture architecture);

/// Instruction sets that an architecture's baseline lacks, as bits of Target::features. The same bits as in runtime/model.h.
namespace feature {
inline constexpr uint64_t sse41 = 1;
inline constexpr uint64_t avx = 2;
inline constexpr uint64_t avx2 = 4;    ///< with FMA and F16C
inline constexpr uint64_t avx512 = 8;  ///< F, CD, VL, BW, DQ
}  // namespace feature

/// Where kernels run.
enum class Device { cpu, cuda };
/// As users write it: "cpu", "cuda".
std::string_view to_string(Device device);
/// The symbol of the device's table in the runtime (runtime/device.h); empty for a CPU, which needs none.
std::string_view runtime_symbol(Device device);

/// A CPU's vector registers.
struct Registers {
  int64_t count = 0;
  int64_t bytes = 0;  ///< of one
};

/// What a program is for. A library may hold programs for several targets of one architecture.
struct Target {
  std::string name;  ///< as users write it: "avx512", "cuda"
  Architecture architecture{};
  Device device = Device::cpu;
  uint64_t features = 0;  ///< a CPU's instruction sets; 0 for a GPU
  Registers registers;    ///< a CPU's; none for a GPU
  int capability = 0;     ///< a GPU's compute capability: 80 is 8.0
  std::string halide;     ///< Halide's name, made from all this

  bool on_gpu() const { return device != Device::cpu; }
  /// What the runtime compares with what it finds when a library is loaded: instruction sets or the compute capability.
  uint64_t required() const { return on_gpu() ? static_cast<uint64_t>(capability) : features; }
};

/// The one table of targets, the best first.
std::span<const Target> all_targets();
/// The target of this name, or with this name in Halide, which the text forms of programs had once; null if there is none.
const Target* find_target(std::string_view name);
/// What readers say of a program for a target that the table does not have.
std::string unknown_target(std::string_view name);

}  // namespace resnetc
