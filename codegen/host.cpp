/// \file The targets of this machine.
#include "codegen/host.h"

#include "runtime/runtime.h"

namespace resnetc::codegen {

static_assert(feature::sse41 == RN_SSE41 && feature::avx == RN_AVX && feature::avx2 == RN_AVX2 && feature::avx512 == RN_AVX512);
static_assert(feature::avx_vnni == RN_AVX_VNNI && feature::avx512_vnni == RN_AVX512_VNNI && feature::avx512_vbmi2 == RN_AVX512_VBMI2 &&
              feature::avx512_fp16 == RN_AVX512_FP16 && feature::amx_int8 == RN_AMX_INT8 && feature::avx512_bf16 == RN_AVX512_BF16);
static_assert(static_cast<int>(Vendor::other) == RN_OTHER_VENDOR && static_cast<int>(Vendor::intel) == RN_INTEL &&
              static_cast<int>(Vendor::amd) == RN_AMD);

namespace {

const rn_cpu& host_cpu() {
  static const rn_cpu cpu = rn_this_cpu();
  return cpu;
}

}  // namespace

bool runs_here(const Target& target) { return target.on_gpu() || (target.features & ~host_cpu().features) == 0; }

const Target* host_target(Arithmetic arithmetic) {
  // Some CPUs have dot products of bf16 that are slower than their multiply-adds of floats.
  const Machine* machine = arithmetic == Arithmetic::bf16 ? host_machine() : nullptr;
  const bool gains = machine != nullptr && !machine->bf16_target.empty();
  for (const Target& target : all_targets()) {
    const bool chosen = target.serves(arithmetic) && (gains || !target.has(feature::bf16_dot_products));
    if (!target.on_gpu() && chosen && runs_here(target)) return &target;
  }
  return nullptr;
}

rn_cpu_rule rule_of(const Machine& machine) {
  if (!machine.rule) return {};
  return {static_cast<uint32_t>(machine.rule->vendor), machine.rule->family, machine.rule->all, machine.rule->any, machine.rule->none};
}

const Machine* recognised(const rn_cpu& cpu) {
  for (const Machine& machine : all_machines()) {
    const rn_cpu_rule rule = rule_of(machine);
    if (rn_fits(&rule, &cpu) != 0) return &machine;
  }
  return nullptr;
}

const Machine* host_machine() { return recognised(host_cpu()); }

const Target* target_named(std::string_view name, Arithmetic arithmetic) {
  return name == "host" ? host_target(arithmetic) : find_target(name);
}

}  // namespace resnetc::codegen
