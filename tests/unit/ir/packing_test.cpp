/// \file Weights that are packed for another schedule than their kernel's are refused, even if their number of elements is right.
#include <fmt/format.h>

#include "ir/packing.h"
#include "tests/unit/passes/session.h"

using namespace pass_test;

namespace {

// The input of c2 has as many channels as the output of c3, and the output of c2 as many as the input of c3.
constexpr const char* three_convolutions = R"(network net {
  input image: f32[N, 64, 8, 8]
  c1: conv(3x3, 64)
  c2: conv(1x1, 32)
  c3: conv(1x1, 64)
  skip from c1 via down { conv(1x1, 64) }
  relu
  c4: conv(3x3, 64, groups = 4)
  global_avg_pool
  fc: linear(64)
  output scores
})";

program::Program lowered_for(const char* target, int64_t winograd_tile = largest_winograd_tile) {
  Session session;
  session.context.target = find_target(target);
  session.context.winograd_tile = winograd_tile;
  return std::get<program::Program>(session.lowered(three_convolutions, passes::Level::program));
}

program::Kernel& kernel(program::Program& program, std::string_view name) {
  const auto found = std::find_if(program.kernels.begin(), program.kernels.end(), [&](const auto& k) { return k.name == name; });
  REQUIRE(found != program.kernels.end());
  return *found;
}

template <class Change>
std::string fault_after(program::Program program, std::string_view name, Change change) {
  REQUIRE(program::verify(program) == std::nullopt);
  change(program, kernel(program, name));
  const std::optional<Finding> finding = program::verify(program);
  return finding ? finding->what : "none";
}

}  // namespace

TEST_CASE("a GPU's schedule takes weights in its own blocks") {
  const program::Program good = lowered_for("cuda");
  const auto with = [](int64_t channels, int64_t threads) {
    return [=](program::Program&, program::Kernel& k) {
      auto& s = std::get<program::ThreadSchedule>(k.schedule);
      s.channels = channels;
      s.block.w = threads;
      s.tiles = {1, 1};
      s.flat = false;
    };
  };
  program::Program copy = good;
  const int64_t block = program::packing_of(*good.constant(kernel(copy, "c1").weight).recipe).block;
  REQUIRE(block >= 16);
  CHECK(fault_after(good, "c1", with(4, block / 4)) == "none");
  CHECK(fault_after(good, "c1", with(1, block)) == "none");
  // The number of elements is the same: the channels are whole blocks of either size.
  CHECK(fault_after(good, "c1", with(4, 1)) ==
        fmt::format("kernel 'c1': it takes its weight packed in blocks of 4, and has it packed in blocks of {}", block));
  CHECK(fault_after(good, "c1", with(2, block / 4)) ==
        fmt::format("kernel 'c1': it takes its weight packed in blocks of {}, and has it packed in blocks of {}", block / 2, block));
  // Only the projection is wrong: the weight fits the schedule.
  CHECK(fault_after(good, "relu", [&](program::Program& p, program::Kernel& k) {
          with(4, 1)(p, k);
          program::Constant& weight = p.constants[static_cast<size_t>(k.weight)];
          weight.recipe = pack_blocks(weight.recipe->args[0], 4);
        }).find("it takes its projection's weight packed in blocks of 4, and has it packed in blocks of ") != std::string::npos);
}

TEST_CASE("a processor's schedule takes weights as its algorithm reads them") {
  const program::Program good = lowered_for("avx2");
  const auto repacked = [](auto pack) {
    return [=](program::Program& p, program::Kernel& k) {
      program::Constant& weight = p.constants[static_cast<size_t>(k.weight)];
      weight.recipe = pack(program::packed_by(*weight.recipe)->shape);
    };
  };
  REQUIRE(std::holds_alternative<program::WinogradSchedule>(good.kernels[1].schedule));
  CHECK(
      fault_after(good, "c1", [](program::Program&, program::Kernel& k) { std::get<program::WinogradSchedule>(k.schedule).depth = 16; }) ==
      "kernel 'c1': it takes its weight packed in vectors of 16 channels, and has it packed as transformed for tiles of 2x2 at stride 1");
  // The number of elements is the same: these weights are another convolution's, of the opposite shape.
  const program::Program direct = lowered_for("avx2", 0);
  CHECK(fault_after(direct, "c2", repacked([](const std::vector<int64_t>& s) { return pack_conv(tensor("w", {s[1], s[0], 1, 1}), 1); })) ==
        "kernel 'c2': its weight has shape [64, 32, 1, 1] where [32, 64, 1, 1] is needed");
  CHECK(fault_after(direct, "c4", repacked([](const std::vector<int64_t>& s) { return pack_conv(tensor("w", s), 1); })) ==
        "kernel 'c4': it takes its weight packed in vectors of 16 channels in 4 groups, and has it packed in vectors of 16 channels");
  CHECK(fault_after(direct, "fc", repacked([](const std::vector<int64_t>& s) { return pack_conv(tensor("w", {s[0], s[1], 1, 1}), 1); })) ==
        "kernel 'fc': its weight has shape [64, 64, 1, 1] where [64, 64] is needed");
}
