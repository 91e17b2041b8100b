/// \file The targets of compilation. The tables of architectures, devices and targets are here: no other file knows a target's instruction
/// sets, its registers or its names in LLVM and Halide.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace resnetc {

/// The architecture of a processor: the one that runs the kernels, or the host of the device that runs them.
enum class Architecture {
#define ARCHITECTURE(identifier, ...) identifier,
#include "ir/architectures.def"
#undef ARCHITECTURE
};

struct ArchitectureInfo {
  Architecture architecture;
  std::string_view name;       ///< name in messages
  std::string_view triple;     ///< LLVM's triple for Linux
  std::string_view baseline;   ///< LLVM's name of the processor that all code except kernels is for
  std::string_view emulation;  ///< LLD's name
  std::string_view halide;     ///< the beginning of Halide's names of targets
};
/// All architectures, in the order of the enum.
std::span<const ArchitectureInfo> all_architectures();
const ArchitectureInfo& info(Architecture architecture);

/// Instruction sets that an architecture's baseline lacks, as bits of Target::features, and others by which CPUs are told apart
/// (ir/machine.h). The same bits as in runtime/model.h.
namespace feature {
inline constexpr uint64_t sse41 = 1;
inline constexpr uint64_t avx = 2;
inline constexpr uint64_t avx2 = 4;    ///< with FMA and F16C
inline constexpr uint64_t avx512 = 8;  ///< F, CD, VL, BW, DQ
inline constexpr uint64_t avx_vnni = 16;
inline constexpr uint64_t avx512_vnni = 32;
inline constexpr uint64_t avx512_vbmi2 = 64;
inline constexpr uint64_t avx512_fp16 = 128;
inline constexpr uint64_t amx_int8 = 256;
inline constexpr uint64_t avx512_bf16 = 512;

/// Sums products of four neighbouring bytes in one instruction. (So does AVX-VNNI, for which Halide 21 makes no code.)
inline constexpr uint64_t dot_products = avx512_vnni;
/// Sums products of two neighbouring elements of bf16 in one instruction.
inline constexpr uint64_t bf16_dot_products = avx512_bf16;
}  // namespace feature

/// The device that runs kernels.
enum class Device { cpu, cuda };
/// The name that users write: "cpu", "cuda".
std::string_view to_string(Device device);
/// The symbol of the device's table in the runtime (runtime/device.h); empty for a CPU, which needs no table.
std::string_view runtime_symbol(Device device);

/// What most of a program's sums are of. Some targets have instructions for one of them alone.
enum class Arithmetic { floats, bf16, integers };

/// A CPU's vector registers.
struct Registers {
  int64_t count = 0;
  int64_t bytes = 0;  ///< bytes of one register
};

/// A target of a program. A library may hold programs for several targets of one architecture.
struct Target {
  std::string name;  ///< the name that users write: "avx512", "cuda"
  Architecture architecture{};
  Device device = Device::cpu;
  uint64_t features = 0;  ///< a CPU's instruction sets; 0 for a GPU
  Registers registers;    ///< a CPU's; none for a GPU
  int capability = 0;     ///< a GPU's compute capability: 80 is 8.0
  std::string halide;     ///< Halide's name, made from the other fields

  bool on_gpu() const { return device != Device::cpu; }
  bool has(uint64_t feature) const { return (features & feature) != 0; }
  /// Whether programs gain from the target: from all of its instructions that are for one kind of sums alone.
  bool serves(Arithmetic arithmetic) const {
    if (has(feature::bf16_dot_products)) return arithmetic == Arithmetic::bf16;
    return arithmetic == Arithmetic::integers || !has(feature::dot_products);
  }
  /// The instruction sets or compute capability that the runtime compares with those of the machine when it loads a library.
  uint64_t required() const { return on_gpu() ? static_cast<uint64_t>(capability) : features; }
};

/// The table of targets, best first. Defaults are chosen from those that serve a program's arithmetic.
std::span<const Target> all_targets();
/// The target with this name, or with this name in Halide, which the text forms of programs used in older versions. Null if there is none.
const Target* find_target(std::string_view name);
/// The names that users write, for messages: "cuda, avx512, ...".
std::string target_names();
/// The message of readers about a target that the table does not have.
std::string unknown_target(std::string_view name);

}  // namespace resnetc
