/// \file The machine that carries out PTX: small texts with known results, and each of its checks.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "tests/ptx/machine.h"

using namespace resnetc::ptx;

namespace {

constexpr std::string_view ptx_head = ".version 7.0\n.target sm_80\n.address_size 64\n";

/// A kernel `k(out, in)` with registers of each kind and both addresses in %rd1 and %rd2; %r1 is the thread's number and %rd3 that times
/// four.
std::string kernel(std::string_view body, std::string_view declarations = "") {
  return fmt::format(R"({}
.visible .entry k(
	.param .u64 .ptr .align 1 k_param_0,
	.param .u64 k_param_1
)
{{
	.reg .pred 	%p<9>;
	.reg .b16 	%rs<9>;
	.reg .b32 	%r<40>;
	.reg .b32 	%f<9>;
	.reg .b64 	%rd<20>;
	{}
	ld.param.u64 	%rd1, [k_param_0];
	ld.param.b64 	%rd2, [k_param_1];   // a comment
	cvta.to.global.u64 	%rd1, %rd1;
	mov.u32 	%r1, %tid.x;
	mul.wide.u32 	%rd3, %r1, 4;
	add.s64 	%rd4, %rd1, %rd3;
	add.s64 	%rd5, %rd2, %rd3;
{}
	ret;
}}
)",
                     ptx_head, declarations, body);
}

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

struct Outcome {
  std::string fault;
  std::vector<uint32_t> out;
};

/// Runs a kernel of one block on words `in`; `out` has a word for each thread, all of which must be written.
Outcome run_words(const std::string& text, std::vector<uint32_t> in, int64_t threads = 32, int64_t shared = 0, Counts* counts = nullptr) {
  Outcome outcome;
  const auto module = parse(text);
  if (!module) {
    outcome.fault = module.failure().text;
    return outcome;
  }
  REQUIRE(module->target == "sm_80");
  const Entry* entry = module->find("k");
  REQUIRE(entry != nullptr);
  GlobalMemory memory;
  in.resize(std::max<size_t>(in.size(), 1));
  const uint64_t to = memory.allocate(static_cast<size_t>(threads) * 4), from = memory.allocate(in.size() * 4);
  CHECK(memory.write(from, bytes_of(in)) == "");
  const std::vector<uint64_t> parameters{to, from};
  Launch launch;
  launch.block = {threads, 1, 1};
  launch.shared_bytes = shared;
  launch.parameters = bytes_of(parameters);
  outcome.fault = run(*entry, launch, memory, counts);
  if (!outcome.fault.empty()) return outcome;
  outcome.out.resize(static_cast<size_t>(threads));
  outcome.fault = memory.read(to, std::as_writable_bytes(std::span(outcome.out)));
  return outcome;
}

uint32_t bits(float value) {
  uint32_t result = 0;
  std::memcpy(&result, &value, 4);
  return result;
}
float as_float(uint32_t value) {
  float result = 0;
  std::memcpy(&result, &value, 4);
  return result;
}

/// The value that `body` leaves in %r9, for inputs %r2 and %r3 (also in %f1 and %f2, %rd8 and %rd9 zero-extended).
uint32_t value_of(std::string_view body, uint32_t a, uint32_t b = 0) {
  const Outcome outcome = run_words(kernel(fmt::format(R"(
	ld.global.b32 	%r2, [%rd2];
	ld.global.nc.b32 	%r3, [%rd2+4];
	mov.b32 	%f1, %r2;
	mov.b32 	%f2, %r3;
	cvt.u64.u32 	%rd8, %r2;
	cvt.u64.u32 	%rd9, %r3;
{}
	st.global.b32 	[%rd4], %r9;
)",
                                                       body)),
                                    {a, b});
  CHECK_MESSAGE(outcome.fault == "", std::string(body));
  return outcome.out.empty() ? 0 : outcome.out[5];
}

std::string fault_of(std::string_view body, int64_t threads = 32, int64_t shared = 0, std::string_view declarations = "") {
  return run_words(kernel(body, declarations), {1, 2, 3, 4, 5, 6, 7, 8}, threads, shared).fault;
}

}  // namespace

TEST_CASE("ptx: a scope of its own holds a register for one instruction") {
  const Outcome outcome = run_words(kernel(R"(
	ld.global.u32 	%r2, [%rd5];
	mov.b64 	%rd6, {%r1, %r2};
	{ .reg .b32 tmp; mov.b64 {tmp, %r3}, %rd6; }
	{ .reg .b32 tmp; mov.b64 {%r4, tmp}, %rd6; }
	add.s32 	%r5, %r3, %r4;
	st.global.u32 	[%rd4], %r5;)"),
                                    std::vector<uint32_t>(32, 7));
  CHECK(outcome.fault == "");
  REQUIRE(outcome.out.size() == 32);
  for (uint32_t thread = 0; thread < 32; ++thread) CHECK(outcome.out[thread] == 7 + thread);
}

TEST_CASE("ptx: integers") {
  CHECK(value_of("add.s32 %r9, %r2, %r3;", 0xffffffff, 2) == 1);
  CHECK(value_of("sub.s32 %r9, %r2, %r3;", 1, 3) == 0xfffffffe);
  CHECK(value_of("mul.lo.s32 %r9, %r2, %r3;", 0x10000, 0x10001) == 0x10000);
  CHECK(value_of("mul.hi.s32 %r9, %r2, %r3;", 0xffffffff, 2) == 0xffffffff);
  CHECK(value_of("mul.hi.u32 %r9, %r2, %r3;", 0xffffffff, 2) == 1);
  CHECK(value_of("mul.wide.s32 %rd10, %r2, %r3; shr.u64 %rd10, %rd10, 32; cvt.u32.u64 %r9, %rd10;", 0xffffffff, 2) == 0xffffffff);
  CHECK(value_of("mad.lo.s32 %r9, %r2, %r3, 7;", 5, 6) == 37);
  CHECK(value_of("mad.wide.u32 %rd10, %r2, %r3, %rd8; cvt.u32.u64 %r9, %rd10;", 5, 6) == 35);
  CHECK(value_of("div.s32 %r9, %r2, %r3;", static_cast<uint32_t>(-7), 2) == static_cast<uint32_t>(-3));
  CHECK(value_of("div.u32 %r9, %r2, %r3;", 7, 2) == 3);
  CHECK(value_of("rem.s32 %r9, %r2, %r3;", static_cast<uint32_t>(-7), 2) == static_cast<uint32_t>(-1));
  CHECK(value_of("div.s32 %r9, %r2, %r3;", 0x80000000, 0xffffffff) == 0x80000000);
  CHECK(value_of("min.s32 %r9, %r2, %r3;", 0xffffffff, 2) == 0xffffffff);
  CHECK(value_of("min.u32 %r9, %r2, %r3;", 0xffffffff, 2) == 2);
  CHECK(value_of("max.s32 %r9, %r2, -5;", static_cast<uint32_t>(-9)) == static_cast<uint32_t>(-5));
  CHECK(value_of("and.b32 %r9, %r2, %r3;", 12, 10) == 8);
  CHECK(value_of("or.b32 %r9, %r2, %r3;", 12, 10) == 14);
  CHECK(value_of("xor.b32 %r9, %r2, %r3;", 12, 10) == 6);
  CHECK(value_of("not.b32 %r9, %r2;", 12) == ~12U);
  CHECK(value_of("neg.s32 %r9, %r2;", 12) == static_cast<uint32_t>(-12));
  CHECK(value_of("abs.s32 %r9, %r2;", static_cast<uint32_t>(-12)) == 12);
  CHECK(value_of("shl.b32 %r9, %r2, %r3;", 3, 4) == 48);
  CHECK(value_of("shl.b32 %r9, %r2, %r3;", 3, 32) == 0);
  CHECK(value_of("shr.s32 %r9, %r2, %r3;", 0x80000000, 31) == 0xffffffff);
  CHECK(value_of("shr.s32 %r9, %r2, %r3;", 0x80000000, 99) == 0xffffffff);
  CHECK(value_of("shr.u32 %r9, %r2, %r3;", 0x80000000, 31) == 1);
  CHECK(value_of("bfe.u32 %r9, %r2, 8, 4;", 0xabcdef12) == 0xf);
  CHECK(value_of("bfe.s32 %r9, %r2, 8, 4;", 0xabcdef12) == 0xffffffff);
  CHECK(value_of("bfe.u32 %r9, %r2, %r3, 32;", 0xabcdef12, 28) == 0xa);
  CHECK(value_of("bfe.s32 %r9, %r2, 40, 3;", 0x80000000) == 0xffffffff);
  CHECK(value_of("bfe.u32 %r9, %r2, 3, 0;", 0xffffffff) == 0);
  CHECK(value_of("cvt.u16.u32 %rs1, %r2; mul.wide.u16 %r9, %rs1, %rs1;", 0xffff) == 0xfffe0001);
  CHECK(value_of("cvt.u16.u32 %rs1, %r2; mul.wide.s16 %r9, %rs1, 3;", 0xffff) == 0xfffffffd);
  CHECK(value_of("mov.pred %p1, -1; mov.pred %p2, 0; selp.b32 %r8, 4, 8, %p1; selp.b32 %r9, 1, 2, %p2; or.b32 %r9, %r9, %r8;", 0) == 6);
  CHECK(value_of("mov.b64 %rd10, {%r2, %r3}; add.s64 %rd10, %rd10, 1; mov.b64 {%r8, %r9}, %rd10;", 0xffffffff, 7) == 8);
  CHECK(value_of("mov.b32 {%rs1, %rs2}, %r2; mov.b32 %r9, {%rs2, %rs1};", 0xabcd1234) == 0x1234abcd);
  CHECK(value_of("cvt.s64.s32 %rd10, %r2; shr.s64 %rd10, %rd10, 40; cvt.u32.u64 %r9, %rd10;", 0x80000000) == 0xffffffff);
  CHECK(value_of("cvt.u16.u32 %rs1, %r2; add.s16 %rs1, %rs1, 1; cvt.u32.u16 %r9, %rs1;", 0x1ffff) == 0);
  CHECK(value_of("cvt.s16.s8 %rs1, %rs2; cvt.s32.s8 %r9, %r2;", 0x180) == 0xffffff80);
  CHECK(value_of("setp.lt.s32 %p1, %r2, %r3; selp.b32 %r9, 1, 2, %p1;", 0xffffffff, 0) == 1);
  CHECK(value_of("setp.lt.u32 %p1, %r2, %r3; selp.b32 %r9, 1, 2, %p1;", 0xffffffff, 0) == 2);
  CHECK(value_of("setp.eq.s64 %p1, %rd8, %rd9; not.pred %p2, %p1; and.pred %p3, %p1, %p2; or.pred %p4, %p3, %p2; selp.b32 %r9, 1, 2, %p4;",
                 3, 4) == 1);
}

TEST_CASE("ptx: floats round as the hardware does") {
  const auto of = [](std::string_view body, float a, float b = 0) {
    return as_float(value_of(fmt::format("{} mov.b32 %r9, %f3;", body), bits(a), bits(b)));
  };
  CHECK(of("add.rn.f32 %f3, %f1, %f2;", 1.5f, 2.25f) == 3.75f);
  CHECK(of("sub.f32 %f3, %f1, %f2;", 1.5f, 2.25f) == -0.75f);
  CHECK(of("mul.f32 %f3, %f1, %f2;", 1.5f, 2.0f) == 3.0f);
  CHECK(of("mul.f32 %f3, %f1, 0f40000000;", 1.5f) == 3.0f);
  CHECK(of("fma.rn.f32 %f3, %f1, %f2, 0fBF800000;", 1 + 0x1p-12f, 1 - 0x1p-12f) == -0x1p-24f);  // rounded once
  CHECK(of("@%p1 mov.b32 %f3, %f1; setp.lt.u32 %p1, %r1, 20; @%p1 fma.rn.f32 %f3, %f1, %f2, 0fBF800000;", 1 + 0x1p-12f, 1 - 0x1p-12f) ==
        -0x1p-24f);
  CHECK(of("div.rn.f32 %f3, %f1, %f2;", 1, 3) == 1.0f / 3);
  CHECK(of("rcp.rn.f32 %f3, %f1;", 3) == 1.0f / 3);
  CHECK(of("sqrt.rn.f32 %f3, %f1;", 2) == std::sqrt(2.0f));
  CHECK(of("ex2.approx.f32 %f3, %f1;", 3) == 8);
  CHECK(of("lg2.approx.f32 %f3, %f1;", 8) == 3);
  CHECK(of("rsqrt.approx.f32 %f3, %f1;", 4) == 0.5f);
  CHECK(of("neg.f32 %f3, %f1; abs.f32 %f3, %f3;", 4) == 4);
  CHECK(of("max.f32 %f3, %f1, %f2;", NAN, 2) == 2);
  CHECK(of("min.f32 %f3, %f1, %f2;", -1, 2) == -1);
  CHECK(of("add.ftz.f32 %f3, %f1, %f2;", 0x1p-130f, 0) == 0);
  CHECK(of("add.f32 %f3, %f1, %f2;", 0x1p-130f, 0) == 0x1p-130f);
  CHECK(of("add.sat.f32 %f3, %f1, %f2;", 3, 1) == 1);
  CHECK(of("cvt.rmi.f32.f32 %f3, %f1;", -1.5f) == -2);
  CHECK(of("cvt.rni.f32.f32 %f3, %f1;", 2.5f) == 2);
  CHECK(of("cvt.rn.f32.s32 %f3, %r3; ", 0, as_float(0xffffffff)) == -1);
  CHECK(value_of("cvt.rzi.s32.f32 %r9, %f1;", bits(-2.75f)) == static_cast<uint32_t>(-2));
  CHECK(value_of("cvt.rzi.s32.f32 %r9, %f1;", bits(1e20f)) == 0x7fffffff);
  CHECK(value_of("cvt.rzi.s32.f32 %r9, %f1;", bits(NAN)) == 0);
  CHECK(value_of("setp.lt.f32 %p1, %f1, %f2; setp.geu.f32 %p2, %f1, %f2; selp.b32 %r8, 1, 0, %p1; selp.b32 %r9, 2, %r8, %p2;", bits(NAN),
                 0) == 2);
}

TEST_CASE("ptx: vectors of a load and a store") {
  const Outcome outcome = run_words(kernel(R"(
	ld.global.nc.v4.b32 	{%r2, %r3, %r4, %r5}, [%rd2];
	ld.global.v2.f32 	{%f1, %f2}, [%rd2+16];
	add.s32 	%r9, %r2, %r5;
	add.s32 	%r9, %r9, %f2;
	shl.b64 	%rd6, %rd3, 2;
	add.s64 	%rd6, %rd6, %rd1;
	setp.lt.u32 	%p1, %r1, 8;
	@%p1 st.global.v4.b32 	[%rd6], {%r9, %r1, %r3, %r4};
)"),
                                    {1, 2, 3, 4, 5, 6});
  CHECK(outcome.fault == "");
  REQUIRE(outcome.out.size() == 32);
  CHECK(outcome.out[4] == 11);
  CHECK(outcome.out[5] == 1);
  CHECK(outcome.out[30] == 2);
  CHECK(outcome.out[31] == 3);
}

TEST_CASE("ptx: a register may be wider than what is loaded or stored") {
  CHECK(value_of("ld.global.b32 %rd10, [%rd2]; shr.u64 %rd11, %rd10, 32; cvt.u32.u64 %r9, %rd11;", 0x80000000) == 0);
  CHECK(value_of("ld.global.s32 %rd10, [%rd2]; shr.u64 %rd11, %rd10, 32; cvt.u32.u64 %r9, %rd11;", 0x80000000) == 0xffffffff);
  CHECK(value_of("ld.global.s8 %r9, [%rd2+1];", 0x8000) == 0xffffff80);
  CHECK(value_of("ld.global.u8 %r9, [%rd2+1];", 0x8000) == 0x80);
  CHECK(run_words(kernel("ld.global.b32 %rd10, [%rd2]; st.global.b32 [%rd4], %rd10;"), {9}).out[3] == 9);
}

TEST_CASE("ptx: threads part and meet again") {
  // Each thread takes as many turns of a loop as its number says. Then all threads work together.
  Counts counts;
  const Outcome outcome = run_words(kernel(R"(
	mov.b32 	%r2, 0;
	mov.b32 	%r3, %r1;
	setp.eq.s32 	%p1, %r3, 0;
	@%p1 bra 	$done;
$again:
	add.s32 	%r2, %r2, %r3;
	add.s32 	%r3, %r3, -1;
	setp.ne.s32 	%p1, %r3, 0;
	@%p1 bra 	$again;
	bra.uni 	$done;
$done:
	st.global.b32 	[%rd4], %r2;
)"),
                                    {}, 70, 0, &counts);
  CHECK(outcome.fault == "");
  REQUIRE(outcome.out.size() == 70);
  for (uint32_t k = 0; k < 70; ++k) CHECK(outcome.out[k] == k * (k + 1) / 2);
  // Each warp takes as many turns as its last thread, and does once what follows the loop.
  CHECK(counts.warp_instructions < 3 * 20 + 4 * (31 + 63 + 69) + 10);
}

TEST_CASE("ptx: shared memory, barriers and shuffles") {
  const std::string reversed = R"(
	cvt.u64.u32 	%rd6, %r1;
	shl.b64 	%rd6, %rd6, 2;
	st.shared.b32 	[%rd6], %r1;
	BARRIER
	sub.s32 	%r2, 63, %r1;
	mul.wide.u32 	%rd7, %r2, 4;
	ld.shared.b32 	%r9, [%rd7];
	st.global.b32 	[%rd4], %r9;
)";
  const auto with = [&](std::string_view barrier) {
    std::string text = reversed;
    return text.replace(text.find("BARRIER"), 7, barrier);
  };
  const Outcome good = run_words(kernel(with("bar.sync 	0;")), {}, 64, 256);
  CHECK(good.fault == "");
  REQUIRE(good.out.size() == 64);
  CHECK(good.out[1] == 62);
  CHECK(fault_of(with(""), 64, 256).find("of shared memory, which nothing has written") != std::string::npos);
  CHECK(fault_of(with("bar.sync 	0;"), 64, 128).ends_with("thread (32, 0, 0): 4 bytes at 0x80 of shared memory, which has 128"));

  CHECK(fault_of(R"(
	mov.b64 	%rd6, 0;
	st.shared.b32 	[%rd6], %r1;
)",
                 32, 64)
            .ends_with("thread (1, 0, 0): a race at 0x0 of shared memory: it writes what thread 0 wrote without a barrier between"));
  CHECK(fault_of(R"(
	st.shared.b32 	[%rd3], %r1;
	bar.sync 	0;
	ld.shared.b32 	%r2, [%rd3];
	add.s32 	%r3, %r1, 1;
	and.b32 	%r3, %r3, 31;
	mul.wide.u32 	%rd6, %r3, 4;
	st.shared.b32 	[%rd6], %r2;
)",
                 32, 128)
            .ends_with("a race at 0x4 of shared memory: it writes what another thread read without a barrier between"));
  // Within a warp, the warp's own barrier is enough.
  CHECK(run_words(kernel(R"(
	st.shared.b32 	[%rd3], %r1;
	bar.warp.sync 	-1;
	sub.s32 	%r2, 31, %r1;
	mul.wide.u32 	%rd6, %r2, 4;
	ld.shared.b32 	%r9, [%rd6];
	st.global.b32 	[%rd4], %r9;
)"),
                  {}, 32, 128)
            .out == run_words(kernel("sub.s32 %r9, 31, %r1; st.global.b32 [%rd4], %r9;"), {}).out);

  CHECK(fault_of("setp.lt.u32 %p1, %r1, 40; @%p1 bar.sync 0;", 64) ==
        "k: block (0, 0, 0): a barrier that not all threads reach: some have ended");
  CHECK(fault_of("setp.lt.u32 %p1, %r1, 40; @%p1 bar.warp.sync -1;", 64).ends_with("a barrier of a warp that not all its threads reach"));

  const auto shuffled = [](std::string_view shuffle) {
    return run_words(kernel(fmt::format("mul.lo.s32 %r2, %r1, 10; {} st.global.b32 [%rd4], %r9;", shuffle)), {});
  };
  CHECK(shuffled("shfl.sync.idx.b32 %r9, %r2, 3, 31, -1;").out[17] == 30);
  CHECK(shuffled("shfl.sync.bfly.b32 %r9, %r2, 1, 31, -1;").out[16] == 170);
  CHECK(shuffled("shfl.sync.down.b32 %r9, %r2, 2, 31, -1;").out[31] == 310);
  CHECK(shuffled("shfl.sync.down.b32 %r9, %r2, 2, 31, -1;").out[3] == 50);
  CHECK(shuffled("shfl.sync.up.b32 %r9, %r2, 1, 0, -1;").out[3] == 20);
  CHECK(shuffled("shfl.sync.idx.b32 %r9, %r2, 1, 0x181f, -1;").out[17] == 170);
  CHECK(shuffled("setp.ne.s32 %p1, %r1, 7; @%p1 shfl.sync.idx.b32 %r9, %r2, 3, 31, -1;")
            .fault.ends_with("a shuffle that not all threads of its mask reach"));
}

TEST_CASE("ptx: each check of memory fires") {
  CHECK(fault_of("st.global.b32 [%rd4+4], %r1;").find("thread (31, 0, 0): a store of 4 bytes at 0x") != std::string::npos);
  CHECK(fault_of("st.global.b32 [%rd4+4], %r1;").ends_with(", which is not allocated"));
  CHECK(fault_of("ld.global.b32 %r2, [%rd2+-4];").find("a load of 4 bytes") != std::string::npos);
  CHECK(fault_of("ld.global.b32 %r2, [%rd2+2];").ends_with(", which is not aligned"));
  CHECK(fault_of("ld.global.v4.b32 {%r2, %r3, %r4, %r5}, [%rd2+8];").ends_with(", which is not aligned"));
  CHECK(fault_of("ld.global.b32 %r2, [%rd4];").ends_with(", which nothing has written"));
  CHECK(fault_of("") == "a copy of 128 bytes from 0x10000000000, of which byte 0 was never written");
  CHECK(fault_of("st.param.b32 [k_param_0], %r1;").ends_with("a store to the parameters"));
  CHECK(fault_of("div.s32 %r2, %r1, 0;").ends_with("a division by zero"));
  CHECK(fault_of("trap;").ends_with("a trap"));
  const std::string_view depot = ".local .align 16 .b8 __local_depot0[32];\n\t.reg .b64 %SP;\n\t.reg .b64 %SPL;";
  const std::string_view spill = "mov.b64 %SPL, __local_depot0; cvta.local.u64 %SP, %SPL; st.b32 [%SP+8], %r1; ";
  CHECK(fault_of(fmt::format("{} ld.local.b32 %r9, [%SPL+8]; st.global.b32 [%rd4], %r9;", spill), 32, 0, depot) == "");
  CHECK(fault_of(fmt::format("{} ld.b32 %r9, [%SP+12];", spill), 32, 0, depot).ends_with("of local memory, which nothing has written"));
  CHECK(fault_of(fmt::format("{} ld.b32 %r9, [%SP+32];", spill), 32, 0, depot).ends_with("4 bytes at 0x20 of local memory, which has 32"));

  GlobalMemory memory;
  const uint64_t a = memory.allocate(100);
  CHECK(memory.allocation_count() == 1);
  CHECK(memory.write(a + 1, bytes_of(std::vector<uint32_t>(25))).find("which is not allocated") != std::string::npos);
  CHECK(memory.release(a));
  CHECK_FALSE(memory.release(a));
  CHECK(memory.allocation_count() == 0);
}

TEST_CASE("ptx: launches beyond the limits, and what is not known") {
  const auto module = parse(kernel(""));
  REQUIRE_MESSAGE(module, module.failure().text);
  const auto fault = [&](auto change) {
    GlobalMemory memory;
    const std::vector<uint64_t> parameters{memory.allocate(4), memory.allocate(4)};
    Launch launch;
    launch.parameters = bytes_of(parameters);
    change(launch);
    return run(module->entries[0], launch, memory);
  };
  CHECK(fault([](Launch&) {}) == "");
  CHECK(fault([](Launch& l) { l.block = {1024, 1, 1}; }) == "");
  CHECK(fault([](Launch& l) { l.block = {1024, 2, 1}; }) == "k: a block of 1024 x 2 x 1 threads");
  CHECK(fault([](Launch& l) { l.block = {1, 1, 65}; }) == "k: a block of 1 x 1 x 65 threads");
  CHECK(fault([](Launch& l) { l.grid = {1, 65536, 1}; }) == "k: a grid of 1 x 65536 x 1 blocks");
  CHECK(fault([](Launch& l) { l.grid.x = 0; }) == "k: a grid of 0 x 1 x 1 blocks");
  CHECK(fault([](Launch& l) { l.shared_bytes = 49153; }) == "k: 49153 bytes of shared memory, of which a block may have 49152");
  CHECK(fault([](Launch& l) { l.block.x = 512, l.registers = 129; }) ==
        "k: 129 registers for each of 512 threads, of which a processor has 65536");
  CHECK(fault([](Launch& l) { l.parameters = {}; }) == "k: 0 bytes of parameters instead of 16");

  const auto unread = [](std::string_view body) {
    const auto module = parse(kernel(body));
    return module ? std::string("read") : module.failure().text.substr(module.failure().text.find(": ") + 2);
  };
  CHECK(unread("") == "read");
  CHECK(unread("bfind.u32 %r1, %r2;") == "unknown instruction 'bfind.u32'");
  CHECK(unread("add.weird.s32 %r1, %r2, %r3;") == "unknown modifier '.weird' of 'add.weird.s32'");
  CHECK(unread("add.s32 %r1, %r2;") == "'add.s32' has 2 operands instead of 3");
  CHECK(unread("add.s32 %r1, %r2, %r99;") == "unknown operand '%r99'");
  CHECK(unread("add.s32 %r1, %r2, %rd3;") == "'%rd3' has another size than its instruction");
  CHECK(unread("bra $nowhere;") == "unknown label '$nowhere'");
  CHECK(unread("bar.sync 1;") == "'bar.sync' of another barrier than 0");
  CHECK(unread("ld.param.b32 %r1, [nothing];") == "unknown parameter 'nothing'");
  CHECK(unread(".pragma \"nounroll\";") == "unknown directive '.pragma'");
  for (std::string_view text : {".version", ".entry k(", ".entry k() {", ".entry k() { add", ".entry k() { .reg .b32 %r<999999999>; }",
                                ".entry k() { .local .b8 x[99999999999]; }", ".entry k() { .reg; }", ".visible", "}"}) {
    CHECK_MESSAGE((text == ".version" || !parse(text)), std::string(text));
  }
}
