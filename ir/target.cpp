/// \file The tables of targets, and Halide's names.
#include "ir/target.h"

#include <array>
#include <set>

namespace resnetc {

namespace {

/// Halide's names of an instruction set.
struct HalideFeature {
  uint64_t bit;
  std::array<std::string_view, 3> words;
};
constexpr HalideFeature halide_features[] = {
    {feature::sse41, {"sse41"}},
    {feature::avx, {"avx"}},
    {feature::avx2, {"avx2", "fma", "f16c"}},
    {feature::avx512, {"avx512", "avx512_skylake"}},
    // Halide's name nearest to what Intel's CPUs have since Ice Lake. It also names BF16, which code for sums of integers does not use; a
    // test looks at the code (tests/unit/codegen/kernels/instructions_test.cpp).
    {feature::avx512_vnni, {"avx512_cannonlake", "avx512_zen4"}},
    {feature::avx512_bf16, {"avx512_cannonlake", "avx512_zen4"}},
};

/// Halide's name of a target. It lists every feature, in alphabetical order. Halide's own detection is not used, because the result of a
/// compilation may depend only on its input.
std::string halide_name(const Target& target) {
  std::set<std::string> words = {"no_asserts", "no_bounds_query", "no_runtime", "user_context"};
  for (const HalideFeature& known : halide_features) {
    if ((target.features & known.bit) == 0) continue;
    for (std::string_view word : known.words) {
      if (!word.empty()) words.emplace(word);
    }
  }
  switch (target.device) {
    case Device::cpu:
      words.emplace("large_buffers");  // 64-bit indices, for batches of more than 2^31 elements; no measurable cost
      break;
    case Device::cuda:
      words.emplace("cuda");
      words.emplace("cuda_capability_" + std::to_string(target.capability));
      break;
  }
  std::string name(info(target.architecture).halide);
  for (const std::string& word : words) name += "-" + word;
  return name;
}

Target cpu(std::string name, Architecture architecture, uint64_t features, Registers registers) {
  Target target{std::move(name), architecture, Device::cpu, features, registers, 0, {}};
  target.halide = halide_name(target);
  return target;
}

Target cuda(std::string name, Architecture host, int capability) {
  Target target{std::move(name), host, Device::cuda, 0, {}, capability, {}};
  target.halide = halide_name(target);
  return target;
}

}  // namespace

std::span<const ArchitectureInfo> all_architectures() {
  static constexpr ArchitectureInfo table[] = {
#define ARCHITECTURE(identifier, back_end, ...) {Architecture::identifier, __VA_ARGS__},
#include "ir/architectures.def"
#undef ARCHITECTURE
  };
  return table;
}

const ArchitectureInfo& info(Architecture architecture) { return all_architectures()[static_cast<size_t>(architecture)]; }

std::string_view to_string(Device device) {
  switch (device) {
    case Device::cpu: return "cpu";
    case Device::cuda: return "cuda";
  }
  return "?";
}

std::string_view runtime_symbol(Device device) {
  switch (device) {
    case Device::cpu: return "";
    case Device::cuda: return "rn_cuda";
  }
  return "";
}

std::span<const Target> all_targets() {
  using namespace feature;
  constexpr Architecture x86 = Architecture::x86_64;
  static const Target table[] = {
      cuda("cuda", x86, 80),
      cpu("avx512_bf16", x86, sse41 | avx | avx2 | avx512 | avx512_vnni | avx512_vbmi2 | avx512_bf16, {32, 64}),
      cpu("avx512_vnni", x86, sse41 | avx | avx2 | avx512 | avx512_vnni | avx512_vbmi2, {32, 64}),
      cpu("avx512", x86, sse41 | avx | avx2 | avx512, {32, 64}),
      cpu("avx2", x86, sse41 | avx | avx2, {16, 32}),
      cpu("sse41", x86, sse41, {16, 16}),
  };
  return table;
}

const Target* find_target(std::string_view name) {
  for (const Target& target : all_targets()) {
    if (target.name == name) return &target;
  }
  // Names of targets for one kind of sums alone came later.
  for (const Target& target : all_targets()) {
    if (target.halide == name && target.serves(Arithmetic::floats)) return &target;
  }
  return nullptr;
}

std::string target_names() {
  std::string names;
  for (const Target& target : all_targets()) names += (names.empty() ? "" : ", ") + target.name;
  return names;
}

std::string unknown_target(std::string_view name) {
  return "unknown target '" + std::string(name) + "'; the targets are " + target_names();
}

}  // namespace resnetc
