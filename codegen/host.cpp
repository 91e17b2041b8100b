/// \file The targets of this machine.
#include "codegen/host.h"

#include "runtime/runtime.h"

namespace resnetc::codegen {

static_assert(feature::sse41 == RN_SSE41 && feature::avx == RN_AVX && feature::avx2 == RN_AVX2 && feature::avx512 == RN_AVX512);

bool runs_here(const Target& target) {
  static const uint64_t features = rn_cpu_features();
  return target.on_gpu() || (target.features & ~features) == 0;
}

const Target* host_target() {
  for (const Target& target : all_targets()) {
    if (!target.on_gpu() && runs_here(target)) return &target;
  }
  return nullptr;
}

const Target* target_named(std::string_view name) { return name == "host" ? host_target() : find_target(name); }

}  // namespace resnetc::codegen
