/// \file Instructions of kernels: none is outside of its target's set, also where Halide's name of the target promises more, and sums of
/// integers use those that the target is for.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <regex>
#include <set>
#include <string>
#include <vector>

#include "codegen/kernels.h"
#include "tests/unit/passes/session.h"

namespace resnetc::testing {
namespace {

constexpr std::string_view network = R"(
network net {
  input x: f32[N, 3, 12, 12]
  a: conv(7x7, 32, stride = 2, bias = true)
  relu
  b: conv(3x3, 48)
  silu
  c: conv(3x3, 48, groups = 48)
  clip(0, 6)
  d: conv(1x1, 32)
  skip from a
  e: conv(3x3, 32, groups = 2)
  avg_pool(2x2)
  global_avg_pool
  fc: linear(5)
  output y
})";

/// What each target's code must not have, as regular expressions for lines of assembly: instruction sets that other targets have, and those
/// that only AMD's CPUs have, which Halide's names bring.
struct Rule {
  const char* target;
  const char* wanted;  ///< an instruction for sums of integers or bf16
  std::vector<const char*> forbidden;
};

const std::vector<Rule>& rules() {
  static const char* const high = "%[xyz]mm(1[6-9]|2[0-9]|3[01])|%zmm|%k[0-7]";
  static const char* const amd = "\\s(extrq|insertq|movntss|movntsd|clzero|monitorx|mwaitx|rdpru)\\b";
  static const char* const others = "\\sv?(p2intersect|tdp|tile|aes|pclmul|gf2p8|sha)|\\sv\\w+(ph|sh)\\b";
  static const char* const bf16 = "\\sv?(dpbf16ps|cvtne)";
  static const char* const dots = "\\svpdp";
  static const std::vector<Rule> all = {
      {"avx512_bf16", "vdpbf16ps", {amd, others, "\\{vex\\}"}},
      {"avx512_vnni", "vpdpbusd", {amd, others, bf16, "\\{vex\\}"}},
      {"avx512",
       "vpmaddwd",
       {amd, others, bf16, dots, "\\svperm[bi]2?b|\\svpopcnt|\\svpcompress[bw]|\\svpsh[lr]dv?[wdq]|\\svpmadd52|\\svpmultishift"}},
      {"avx2", "vpmaddwd", {amd, others, bf16, dots, high}},
      {"sse41", "pmaddwd", {amd, others, bf16, "%[yz]mm|%k[0-7]|\\sv\\w+\\s.*%xmm|\\s(pcmpgtq|crc32)"}},
  };
  return all;
}

/// The kernels of the network for the target, with integers or, if the target is for them, bf16.
std::vector<codegen::KernelJob> narrow_jobs(const Target& target) {
  pass_test::Session plain, session;
  Ranges ranges;
  for (const graph::Op& op : plain.lowered_graph(std::string(network), "fuse-pools").ops) ranges.values.push_back({op.name, -1, 1, "", {}});
  if (target.serves(Arithmetic::integers)) session.context.ranges = &ranges;
  if (!target.serves(Arithmetic::integers)) session.context.weights_element = session.context.values_element = ElementType::bf16;
  session.context.target = &target;
  const auto program = std::get<program::Program>(session.lowered(std::string(network), passes::Level::program));
  std::vector<codegen::KernelJob> jobs;
  for (const program::Kernel& kernel : program.kernels) jobs.push_back({program::spec_of(program, kernel), &target});
  return jobs;
}

}  // namespace

TEST_CASE("kernels: code with integers or bf16 has no instruction outside of its target's set") {
  std::set<std::string_view> checked;
  for (const Rule& rule : rules()) {
    CAPTURE(std::string(rule.target));
    const auto texts = codegen::texts_of(narrow_jobs(*find_target(rule.target)), std::vector{codegen::KernelText::assembly}, {});
    REQUIRE_MESSAGE(texts.has_value(), (texts ? "" : texts.failure().text));
    checked.insert(rule.target);
    bool sums = false;
    for (const std::vector<std::string>& text : texts->texts) {
      const std::string& assembly = text.front();
      sums = sums || std::regex_search(assembly, std::regex(fmt::format("\\s{}\\s", rule.wanted)));
      for (const char* forbidden : rule.forbidden) {
        std::smatch found;
        CHECK_MESSAGE(!std::regex_search(assembly, found, std::regex(forbidden)), found.str());
      }
    }
    CHECK_MESSAGE(sums, std::string(rule.wanted));
  }
  for (const Target& target : all_targets()) CHECK_MESSAGE((target.on_gpu() || checked.contains(target.name)), target.name);
}

}  // namespace resnetc::testing
