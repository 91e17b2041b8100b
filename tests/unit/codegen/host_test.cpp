/// \file Which machine a CPU is recognised as.
#include "codegen/host.h"

#include <doctest/doctest.h>

#include <string>

using namespace resnetc;

namespace {

std::string name_of(Vendor vendor, uint32_t family, uint64_t features) {
  const Machine* found = codegen::recognised({static_cast<uint32_t>(vendor), family, features});
  return found == nullptr ? "none" : found->name;
}

}  // namespace

TEST_CASE("recognition: the first rule that fits decides") {
  using namespace feature;
  constexpr uint64_t old = sse41 | avx, with_avx2 = old | avx2, with_avx512 = with_avx2 | avx512;
  constexpr uint64_t icelake = with_avx512 | avx512_vnni | avx512_vbmi2, sapphire = icelake | avx_vnni | avx512_fp16 | amx_int8;
  CHECK(name_of(Vendor::intel, 6, sapphire) == "sapphirerapids");
  CHECK(name_of(Vendor::intel, 6, sapphire & ~amx_int8) == "sapphirerapids");     // hidden by a virtual machine
  CHECK(name_of(Vendor::intel, 6, sapphire & ~avx512_fp16) == "sapphirerapids");  // hidden by a virtual machine
  CHECK(name_of(Vendor::intel, 6, icelake) == "icelake-server");
  CHECK(name_of(Vendor::intel, 6, icelake & ~avx512_vbmi2) == "skylake-avx512");  // Cascade Lake
  CHECK(name_of(Vendor::intel, 6, with_avx512) == "skylake-avx512");
  CHECK(name_of(Vendor::intel, 6, with_avx2 | avx_vnni) == "alderlake");
  CHECK(name_of(Vendor::intel, 6, with_avx2) == "haswell");
  CHECK(name_of(Vendor::intel, 6, old) == "none");
  CHECK(name_of(Vendor::amd, 0x1a, icelake | avx_vnni) == "znver5");
  CHECK(name_of(Vendor::amd, 0x19, icelake) == "znver4");
  CHECK(name_of(Vendor::amd, 0x19, with_avx2) == "znver3");
  CHECK(name_of(Vendor::amd, 0x17, with_avx2) == "none");
  CHECK(name_of(Vendor::other, 6, sapphire) == "none");
  CHECK(name_of(Vendor::other, 0, 0) == "none");
}

TEST_CASE("recognition: a CPU with no more than a rule asks for is its machine, and AVX-512 is for machines that have it") {
  for (const Machine& machine : all_machines()) {
    if (!machine.rule) continue;
    const rn_cpu least{static_cast<uint32_t>(machine.rule->vendor), machine.rule->family,
                       machine.rule->all | (machine.rule->any & ~(machine.rule->any - 1))};
    const Machine* found = codegen::recognised(least);
    REQUIRE(found != nullptr);
    CHECK(found->name == machine.name);
    // Without this, a library that has only the other machine's program would give it to a CPU with AVX-512.
    CHECK_MESSAGE(((machine.rule->none & feature::avx512) != 0) == (machine.widest() < 64), machine.name);
  }
}

TEST_CASE("recognition: this machine is one of the known ones, or none, and can run its best target") {
  const Machine* here = codegen::host_machine();
  if (here == nullptr) return;
  CHECK(find_machine(here->name) == here);
  REQUIRE(codegen::host_target() != nullptr);
  CHECK(can_run(*here, *codegen::host_target()));
}
