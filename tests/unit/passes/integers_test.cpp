/// \file Programs that compute with integers: the steps that select-kernels makes, and the rules for them.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "ir/packing.h"
#include "passes/select_kernels.h"
#include "tests/unit/passes/session.h"

using namespace pass_test;

namespace {

/// A value without integers at both ends, zeros that are no 0, and each way in which integers are read.
constexpr std::string_view network = R"(
network net {
  input x: f32[N, 3, 8, 8]
  a: conv(3x3, 16, bias = true)
  b: conv(1x1, 16)
  skip from a
  relu
  pad_channels(20)
  c: conv(3x3, 20, groups = 20)
  clip(0, 6)
  max_pool(2x2)
  d: avg_pool(2x2)
  silu
  e: conv(1x1, 16)
  global_avg_pool
  fc: linear(4)
  output y
})";

/// The ranges -1 to 1 for each value, so that the zeros of all are 128.
Ranges even_ranges(const graph::Graph& graph) {
  Ranges ranges;
  for (const graph::Op& op : graph.ops) ranges.values.push_back({op.name, -1, 1, "", {}});
  return ranges;
}

struct Compiled {
  std::unique_ptr<Session> session = std::make_unique<Session>();  ///< with the texts that the program's places are in
  graph::Graph graph;
  program::Program program;
  std::string errors;
};

Compiled compiled(std::string_view text, const char* target) {
  Compiled result;
  Session plain;
  const Ranges ranges = even_ranges(plain.lowered_graph(std::string(text), "fuse-pools"));
  Session& session = *result.session;
  session.context.ranges = &ranges;
  session.context.target = find_target(target);
  result.graph = session.lowered_graph(std::string(text), "quantize");
  if (std::optional<program::Program> program = passes::select_kernels(result.graph, session.context)) result.program = std::move(*program);
  result.errors = session.diagnostics.render();
  return result;
}

/// The kernel's line in words: its kind, its steps, and what its constants are made of.
std::string line_of(const program::Program& program, std::string_view name) {
  const auto found = std::find_if(program.kernels.begin(), program.kernels.end(), [&](const auto& kernel) { return kernel.name == name; });
  if (found == program.kernels.end()) return "none";
  std::string out(to_string(found->kind));
  if (found->weight != program::none) out += fmt::format(" {}", to_string(program.constant(found->weight).element));
  for (const program::Step& step : found->epilogue) {
    out += fmt::format(", {}", info(step.kind).name);
    for (const program::ConstantId id : step.constants) out += fmt::format(" {}", to_string(program.constant(id).element));
  }
  return out;
}

}  // namespace

TEST_CASE("integers: what kernels read and make") {
  const Compiled made = compiled(network, "avx512_vnni");
  REQUIRE(made.errors.empty());
  const program::Program& p = made.program;
  CHECK(!program::verify(p));
  CHECK(line_of(p, "x.u8") == "load, multiply f32, round i32");  // the input in float is not stored
  CHECK(std::none_of(p.tensors.begin(), p.tensors.end(), [](const program::Tensor& tensor) { return tensor.name == "x"; }));
  CHECK(line_of(p, "a") == "conv2d i8, bias i32, scale f32, round i32");
  // There was no bias: it makes up for the zero of 128.
  CHECK(line_of(p, "relu") == "conv2d i8, bias i32, scale f32, add_quantized f32 f32, relu, round i32");
  // Zeros that are no 0 cannot be appended to bytes.
  CHECK(line_of(p, "pad_channels") == "copy, dequantize f32 f32, round i32");
  CHECK(line_of(p, "clip") == "conv2d i8, bias i32, scale f32, clip f32 f32, round i32");
  CHECK(line_of(p, "max_pool") == "max_pool");
  // A sigmoid has no unit but 1.
  CHECK(line_of(p, "silu") == "avg_pool, dequantize f32 f32, silu, multiply f32, round i32");
  CHECK(line_of(p, "global_avg_pool") == "global_avg_pool, dequantize f32 f32, round i32");
  CHECK(line_of(p, "fc") == "conv2d i8, bias i32, scale f32");
  for (const program::Kernel& kernel : p.kernels) {
    if (const auto* direct = std::get_if<program::DirectSchedule>(&kernel.schedule)) CHECK(direct->dot == 4);
  }
}

TEST_CASE("integers: a byte's own limits stand for a step that does the same") {
  constexpr std::string_view text = R"(
network net {
  input x: f32[N, 3, 8, 8]
  a: conv(3x3, 16)
  clip(0, 6)
  b: conv(3x3, 16)
  relu
  c: conv(3x3, 16)
  output y
})";
  Session plain;
  Ranges ranges = even_ranges(plain.lowered_graph(std::string(text), "fuse-pools"));
  const auto steps = [&](double low, double high, std::string_view name) {
    for (ValueRange& range : ranges.values) range = {range.name, low, high, "", {}};
    Session session;
    session.context.ranges = &ranges;
    const auto program = std::get<program::Program>(session.lowered(std::string(text), passes::Level::program));
    return line_of(program, name);
  };
  CHECK(steps(0, 6, "clip") == "conv2d i8, scale f32, round i32");
  CHECK(steps(0, 5, "clip") == "conv2d i8, scale f32, round i32");
  CHECK(steps(0, 7, "clip") == "conv2d i8, scale f32, clip f32 f32, round i32");
  CHECK(steps(-1, 6, "clip") == "conv2d i8, bias i32, scale f32, clip f32 f32, round i32");
  CHECK(steps(0, 6, "relu") == "conv2d i8, scale f32, round i32");
  CHECK(steps(-1, 6, "relu") == "conv2d i8, bias i32, scale f32, relu, round i32");
}

TEST_CASE("integers: targets without dot products sum pairs") {
  for (const char* target : {"avx512", "avx2", "sse41"}) {
    CAPTURE(target);
    const Compiled made = compiled(network, target);
    REQUIRE(made.errors.empty());
    for (const program::Kernel& kernel : made.program.kernels) {
      const auto* direct = std::get_if<program::DirectSchedule>(&kernel.schedule);
      if (direct == nullptr) continue;
      CHECK(direct->dot == 2);
      CHECK(program::packing_of(*made.program.constant(kernel.weight).recipe).interleave == 2);
    }
  }
}

TEST_CASE("integers: GPUs have no kernels for them") {
  CHECK(compiled(network, "cuda").errors.find("is computed with integers, for which there are no kernels for GPUs") != std::string::npos);
}

TEST_CASE("integers: rules of programs") {
  const Compiled made = compiled(network, "avx2");
  REQUIRE(made.errors.empty());
  const auto after = [&](std::string_view name, auto change) {
    program::Program p = made.program;
    change(*std::find_if(p.kernels.begin(), p.kernels.end(), [&](const auto& kernel) { return kernel.name == name; }), p);
    const std::optional<Finding> finding = program::verify(p);
    return finding ? finding->what : "none";
  };
  using program::Kernel;
  using program::Program;
  CHECK(after("a", [](Kernel&, Program&) {}) == "none");
  CHECK(after("a", [](Kernel& k, Program&) { k.epilogue.pop_back(); }) ==
        "kernel 'a': 'round' is the last step of a kernel that makes integers");
  CHECK(after("a", [](Kernel& k, Program&) { k.epilogue.erase(k.epilogue.begin() + 1); }) ==
        "kernel 'a': sums of integers need a step 'scale' that makes numbers of them, behind nothing but bias, rescale and project");
  CHECK(after("a", [](Kernel& k, Program&) { k.epilogue[0].constants = k.epilogue[1].constants; }) ==
        "kernel 'a': a constant of its step bias is f32 where i32 is needed");
  CHECK(after("relu", [](Kernel& k, Program&) { k.epilogue[2].kind = OpKind::add, k.epilogue[2].constants.clear(); }) ==
        "kernel 'relu': its step add reads integers as its operand");
  CHECK(after("pad_channels", [](Kernel& k, Program&) { k.epilogue.clear(); }) ==
        "kernel 'pad_channels': it adds zeros to integers of which another means 0");
  CHECK(after("pad_channels", [](Kernel& k, Program& p) {
          p.constants[static_cast<size_t>(k.epilogue[1].constants[0])].recipe =
              pack_vector(narrow(tensor("zeros", {20}), ElementType::i32));
        }) == "kernel 'pad_channels': a constant of its step round is not the same for all channels");
  CHECK(after("max_pool", [](Kernel& k, Program& p) { p.tensor(k.out).type.quantization.zero = 3; }) ==
        "kernel 'max_pool': it moves integers to where they mean other numbers");
  CHECK(after("global_avg_pool", [](Kernel& k, Program&) { k.kind = program::KernelKind::global_max_pool; }) ==
        "kernel 'global_avg_pool': a global_max_pool cannot read integers");
  CHECK(after("global_avg_pool", [](Kernel& k, Program&) { k.epilogue.erase(k.epilogue.begin()); }) ==
        "kernel 'global_avg_pool': 'dequantize' is the first step of a kernel that reads integers");
  CHECK(after("x.u8", [](Kernel& k, Program& p) {
          p.tensor(k.out).type.quantization.scale = -1;
        }).starts_with("tensor 'x.u8' has a scale or zero that is out of range"));
  CHECK(after("a", [](Kernel& k, Program&) { std::get<program::DirectSchedule>(k.schedule).dot = 3; }) ==
        "kernel 'a': dot=3 is none of 4, 2 and 1, which are for sums of integers");
  CHECK(after("a", [](Kernel& k, Program&) {
          std::get<program::DirectSchedule>(k.schedule).dot = 4;
        }).starts_with("kernel 'a': it takes its weight packed in vectors of 16 channels, 4 input channels side by side, and has it"));
}

TEST_CASE("integers: programs have text and JSON forms, which read back") {
  const Compiled made = compiled(network, "avx2");
  REQUIRE(made.errors.empty());
  Sources& sources = made.session->sources;
  Diagnostics diagnostics(sources);
  const std::string text = program::print(made.program, sources);
  CHECK(text.find("add_quantized(%a, @") != std::string::npos);
  const auto read = program::parse(sources.add("net.program", text), diagnostics);
  REQUIRE_MESSAGE(read, diagnostics.render());
  CHECK(program::print(*read, sources) == text);
  const std::string json = program::to_json(made.program, sources);
  const auto from_json = program::parse_json(sources.add("net.json", json), diagnostics);
  REQUIRE_MESSAGE(from_json, diagnostics.render());
  CHECK(program::to_json(*from_json, sources) == json);
}
