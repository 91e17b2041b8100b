/// \file select-kernels: layouts, constants, schedules.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "codegen/host.h"
#include "passes/algorithms.h"
#include "passes/candidates.h"
#include "passes/select_kernels.h"
#include "tests/unit/codegen/kernels/harness.h"
#include "tests/unit/passes/session.h"

namespace resnetc::testing {
namespace {

using program::AlgorithmChoice;
using program::Convolution;

graph::Op make_op(OpKind kind, std::string name, TensorType type, std::vector<graph::ValueId> operands) {
  graph::Op op;
  op.kind = kind;
  op.name = std::move(name);
  op.type = type;
  op.operands = std::move(operands);
  return op;
}

graph::Op make_conv(std::string name, TensorType type, graph::ValueId operand, int64_t in_channels, int64_t kernel) {
  graph::Op op = make_op(OpKind::conv2d, name, type, {operand});
  op.attributes.channels = type.channels;
  op.attributes.kernel = {kernel, kernel};
  op.attributes.pad = {kernel / 2, kernel / 2};
  op.constants = {tensor(name + ".weight", {type.channels, in_channels, kernel, kernel})};
  graph::Step bias;
  bias.kind = graph::StepKind::bias;
  bias.constants = {tensor("shared.bias", {type.channels})};
  op.epilogue.push_back(bias);
  return op;
}

/// image -> 3x3 -> 5x5 and 1x1 -> add -> output
graph::Graph small_graph() {
  graph::Graph graph;
  graph.name = "small";
  const TensorType hidden = TensorType::picture(40, 13, 21);
  graph.input.type = TensorType::picture(3, 13, 21);
  graph.ops.push_back(make_op(OpKind::input, "image", graph.input.type, {}));
  graph.ops.push_back(make_conv("a", hidden, 0, 3, 3));
  graph.ops.push_back(make_conv("b", hidden, 1, 40, 5));
  graph.ops.push_back(make_conv("c", hidden, 1, 40, 1));
  graph.ops.push_back(make_op(OpKind::add, "d", hidden, {2, 3}));
  graph.outputs.push_back({"result", 4, {}});
  return graph;
}

TEST_CASE("select-kernels: an element-wise operation that nothing took is a copy with that step") {
  for (const OpInfo& step : graph::all_steps()) {
    if (!op_named(step.name) || step.kind == OpKind::fake_quantize) continue;  // kernels have it as other steps
    CAPTURE(std::string(step.name));
    graph::Graph graph;
    graph.name = "alone";
    const TensorType type = TensorType::vector(4);
    graph.input.type = type;
    graph.ops.push_back(make_op(OpKind::input, "x", type, {}));
    graph.ops.push_back(make_op(step.kind, "y", type, std::vector<graph::ValueId>(static_cast<size_t>(step.operands), 0)));
    for (size_t i = 0; i < step.constants.size(); ++i) graph.ops[1].constants.push_back(fill(static_cast<double>(i), {4}));
    graph.outputs.push_back({"y", 1, {}});
    REQUIRE(graph::verify(graph) == std::nullopt);
    pass_test::Session session;
    const std::optional<program::Program> program = passes::select_kernels(graph, session.context);
    REQUIRE(program);
    REQUIRE(program->kernels.size() == 3);
    const program::Kernel& kernel = program->kernels[1];
    CHECK(kernel.kind == program::KernelKind::copy);
    REQUIRE(kernel.epilogue.size() == 1);
    CHECK(kernel.epilogue[0].kind == step.kind);
    CHECK((kernel.epilogue[0].operand == kernel.in) == step.joins());
    CHECK(kernel.epilogue[0].constants.size() == step.constants.size());
  }
}

TEST_CASE("select-kernels: pictures of any shape have schedules, and candidates for tuning") {
  const auto network = [](int64_t height, int64_t width, std::string_view pool) {
    return fmt::format(R"(
network any {{
  input image: f32[N, 3, {}, {}]
  stem: conv(7x7, 64, stride = 2)
  max_pool({})
  conv1: conv(3x3, 64)
  conv2: conv(3x3, 512)
  conv3: conv(1x1, 512)
  conv4: conv(3x3, 64, stride = 2)
  output x
}})",
                       height, width, pool);
  };
  struct Shape {
    int64_t height, width;
    const char* pool;
  };
  for (const Shape& shape : {Shape{4, 320, "8x2, stride = 1, pad = 3x0"},
                             {64, 16000, "16x1, stride = 2, pad = 0"},
                             {16000, 8, "3x3, stride = 2, pad = 1"},
                             {4, 60000, "2x2"},
                             {2, 2, "3x3, stride = 2, pad = 1"},
                             {40, 16000, "4x4, stride = 2, pad = 1"},
                             {1, 30000, "1x2"}}) {
    for (const char* target : {"avx512", "sse41"}) {
      CAPTURE(shape.height);
      CAPTURE(shape.width);
      pass_test::Session session;
      session.context.target = find_target(target);
      const auto program =
          std::get<program::Program>(session.lowered(network(shape.height, shape.width, shape.pool), passes::Level::program));
      CHECK(program::verify(program) == std::nullopt);
      for (const program::Kernel& kernel : program.kernels) {
        const auto candidates = passes::schedule_candidates(program, kernel, default_machine(), largest_winograd_tile);
        CHECK(candidates.empty() == (kernel.kind != program::KernelKind::conv2d));
      }
    }
  }
}

TEST_CASE("select-kernels: where Strassen's products gain") {
  const Machine& zen = *find_machine("znver5");  // on which the gains were measured
  const AlgorithmChoice halved{&implementation_of(program::StrassenSchedule{}), 0, false}, direct;
  const auto one_by_one = [](int64_t in, int64_t out, int64_t size) {
    Convolution c;
    c.in = TensorType::picture(in, size, size);
    c.out = TensorType::picture(out, size, size);
    c.attributes.channels = out;
    return c;
  };
  const auto choose = [&](const Convolution& c, int64_t largest_tile = largest_winograd_tile) {
    return passes::choose_algorithms({&c, 1}, zen, largest_tile)[0];
  };
  CHECK(choose(one_by_one(1024, 256, 14)) == halved);
  CHECK(choose(one_by_one(256, 1024, 14)) == halved);
  CHECK(choose(one_by_one(1000, 256, 14)) == direct);     // not whole halves
  CHECK(choose(one_by_one(1024, 250, 14)) == halved);     // the filled-up channels of the result have whole halves
  CHECK(choose(one_by_one(256, 64, 56)) == direct);       // combining 256 channels costs more than an eighth of 64 each
  CHECK(choose(one_by_one(512, 2048, 7)) == direct);      // one pixel of each row has no partner: an eighth is wasted
  CHECK(choose(one_by_one(1024, 1024, 1)) == direct);     // reading the weights takes as long as the arithmetic
  CHECK(choose(one_by_one(1024, 256, 14), 2) == halved);  // no tile of Winograd's
  CHECK(choose(one_by_one(1024, 256, 14), 0) == direct);  // direct sums only
  CHECK(choose(one_by_one(1024, 1024, 2000)) == direct);  // a row of halves is larger than the caches
  Convolution other = one_by_one(1024, 256, 14);
  other.attributes.groups = 2;
  CHECK(choose(other) == direct);
  other = one_by_one(1024, 256, 14);
  other.attributes.stride = {2, 2};
  CHECK(choose(other) == direct);
  other = one_by_one(1024, 256, 14);
  other.projected = {512};
  CHECK(choose(other) == halved);
  other.projected = {512, 16};
  CHECK(choose(other) == direct);

  for (const char* name : {"avx512", "avx2", "sse41"}) {
    for (const auto& [in, out] : {std::pair<int64_t, int64_t>{128, 512}, {1024, 256}, {32, 32}, {96, 480}, {2048, 2048}}) {
      for (int64_t size : {1, 2, 7, 13, 28, 56}) {
        const Convolution c = one_by_one(in, out, size);
        if (program::all_choices(c, default_machine(), largest_winograd_tile).size() == 1) continue;  // direct sums
        program::KernelSpec spec;
        spec.kind = program::KernelKind::conv2d;
        spec.in = layout(TensorType::picture(in, size, size));
        spec.out = layout(TensorType::picture(out, size, size), {1, 1});
        const std::vector<program::Schedule> candidates = halved.by->candidates({spec, 0, *find_target(name), default_machine()}, halved);
        CHECK(candidates.size() >= 1);
        CHECK(candidates.size() <= 6);
        for (const program::Schedule& s : candidates) {
          spec.schedule = s;
          const auto& [vectors, tiles, rows, parts] = std::get<program::StrassenSchedule>(s);
          CHECK(out / 32 % vectors == 0);
          CHECK(parts <= out / 32 / vectors);
          CHECK(program::schedule_fault(spec) == std::nullopt);
          CHECK(program::scratch_bytes(spec) <= (1 << 20));
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("select-kernels: a kernel for each value, layouts as the readers need them") {
  Sources sources;
  Diagnostics diagnostics(sources);
  passes::PassContext context;
  context.diagnostics = &diagnostics;
  context.target = find_target("avx2");
  const std::optional<program::Program> program = passes::select_kernels(small_graph(), context);
  REQUIRE(program.has_value());
  CHECK(program::verify(*program) == std::nullopt);
  using program::KernelKind;
  std::vector<KernelKind> kinds;
  for (const program::Kernel& kernel : program->kernels) kinds.push_back(kernel.kind);
  CHECK(kinds == std::vector<KernelKind>{KernelKind::load, KernelKind::conv2d, KernelKind::conv2d, KernelKind::conv2d, KernelKind::copy,
                                         KernelKind::store});
  CHECK(program->tensor(0).channel_stride == 3);  // read by a convolution alone
  CHECK(program->tensor(0).halo == Extent2{1, 1});
  CHECK(program->tensor(1).channel_stride == 48);
  CHECK(program->tensor(1).halo == Extent2{2, 2});  // the wider of its two readers
  CHECK(program->tensor(2).dense());
  CHECK(program->constants.size() == 4);  // three weights, one bias that all three share
  for (const program::Constant& constant : program->constants) CHECK(constant.offset % 64 == 0);
  CHECK_FALSE(std::get<program::DirectSchedule>(program->kernels[3].schedule).flat);  // its operand has a halo
  CHECK(program->kernels[4].epilogue.size() == 1);
  CHECK(program->kernels[4].epilogue[0].operand == 3);
  CHECK(program->kernels[1].multiply_adds == 13 * 21 * 40 * 27);
  CHECK(context.remarks.size() == program->kernels.size());
}

/// The program of one depthwise convolution.
program::Program depthwise(int64_t channels, int64_t size, int64_t kernel, std::string_view target) {
  Sources sources;
  Diagnostics diagnostics(sources);
  passes::PassContext context;
  context.diagnostics = &diagnostics;
  context.target = find_target(target);
  graph::Graph g;
  g.name = "depthwise";
  g.input.type = TensorType::picture(channels, size, size);
  g.ops.push_back(make_op(OpKind::input, "image", g.input.type, {}));
  g.ops.push_back(make_conv("conv", g.input.type, 0, 1, kernel));
  g.ops.back().attributes.groups = channels;
  g.outputs.push_back({"features", 1, {}});
  const std::optional<program::Program> program = passes::select_kernels(g, context);
  REQUIRE(program.has_value());
  CHECK(program::verify(*program) == std::nullopt);
  return *program;
}

TEST_CASE("select-kernels: a run that moves many bytes wakes threads, however few its multiply-adds") {
  CHECK(depthwise(512, 9, 3, "avx2").brief.yes);
  const program::Decision brief = depthwise(512, 56, 3, "avx2").brief;
  CHECK_FALSE(brief.yes);
  CHECK(brief.reason == "39899648 bytes of tensors are worth waking threads for");
}

TEST_CASE("select-kernels: gaps between pixels that would share sets of the cache") {
  // The stride of the input of a depthwise convolution.
  const auto stride = [](int64_t channels, int64_t kernel, std::string_view target) {
    const program::Program program = depthwise(channels, 9, kernel, target);
    CHECK(program.tensor(1).channel_stride == channels);  // only a store reads the result
    return program.tensor(0).channel_stride;
  };
  CHECK(stride(512, 5, "avx512") == 528);
  CHECK(stride(512, 3, "sse41") == 528);
  CHECK(stride(128, 7, "avx2") == 144);
  CHECK(stride(128, 3, "avx2") == 128);
  CHECK(stride(144, 7, "avx2") == 144);
  CHECK(stride(512, 5, "cuda") == 512);
}

AlgorithmChoice winograd_of(int64_t output, bool packed) { return {&implementation_of(program::WinogradSchedule{}), output, packed}; }

TEST_CASE("select-kernels: schedules") {
  const Target &avx512 = *find_target("avx512"), &avx2 = *find_target("avx2"), &sse41 = *find_target("sse41");
  auto choose = [](int64_t channels, int64_t size, int64_t kernel, const Target& target, const Machine& machine = default_machine()) {
    OpAttributes a;
    a.kernel = {kernel, kernel};
    a.pad = {kernel / 2, kernel / 2};
    const TensorType type = TensorType::picture(channels, size, size);
    program::KernelSpec spec;
    spec.kind = program::KernelKind::conv2d;
    spec.attributes = a;
    spec.in = layout(type, a.pad.largest());
    spec.out = layout(type);
    const AlgorithmChoice direct;
    return std::get<program::DirectSchedule>(
        direct.by->choose({spec, type.elements() * channels * kernel * kernel, target, machine}, direct).schedule);
  };
  for (const Target& target : {avx512, avx2, sse41}) {
    for (int64_t channels : {1, 17, 40, 64, 1024}) {
      for (int64_t size : {1, 7, 13, 56}) {
        for (int64_t kernel : {1, 3}) {
          const program::DirectSchedule s = choose(channels, size, kernel, target);
          CHECK((channels + 15) / 16 % s.vectors == 0);
          CHECK(s.pixels >= 1);
          CHECK(s.pixels <= (s.flat ? size * size : size));
          CHECK(s.rows >= 0);
        }
      }
    }
  }
  // Tiles that divide a row, in as many registers as there are.
  CHECK(choose(64, 56, 3, avx512).pixels == 14);
  CHECK(choose(512, 7, 3, avx512).pixels == 7);
  CHECK(choose(64, 56, 3, avx2).vectors * choose(64, 56, 3, avx2).pixels <= 6);
  CHECK(choose(64, 56, 3, sse41).vectors * choose(64, 56, 3, sse41).pixels <= 3);
  // A machine with fewer loads a cycle gets a tile that loads less for each sum.
  const Machine& zen = *find_machine("znver5");
  Machine other = zen;
  for (VectorRates& rates : other.vectors) rates.loads = 1;
  const auto loads_a_sum = [](const program::DirectSchedule& s) {
    return static_cast<double>(s.vectors + s.pixels) / static_cast<double>(s.vectors * s.pixels);
  };
  CHECK(loads_a_sum(choose(64, 56, 3, avx512, other)) < loads_a_sum(choose(64, 56, 3, avx512, zen)));
  // Where fetching does not pass behind arithmetic, weights that the first-level cache cannot hold are read in steps, and the input once.
  Machine waiting = zen;
  waiting.hidden = 0;
  for (VectorRates& rates : waiting.vectors) rates.loads = 1.2;
  CHECK(choose(2048, 7, 1, avx512, zen).depth == 0);
  CHECK(choose(2048, 7, 1, avx512, waiting).depth > 0);
  CHECK_FALSE(choose(64, 56, 1, avx512, zen).wide);
  CHECK(choose(64, 56, 1, avx512, waiting).wide);
  CHECK(choose(64, 56, 3, avx512).rows > 0);
  // Pixels lie a power of two bytes apart, so a tile has few of them.
  CHECK(choose(1024, 14, 3, avx512).pixels <= 8);
  // Tiny layers are not shared between threads.
  CHECK(choose(16, 7, 3, avx512).rows == 0);
}

TEST_CASE("select-kernels: the time that is expected is that of the chosen schedule, with its target's registers") {
  const Machine& zen = *find_machine("znver5");
  const auto choose = [&](const AlgorithmChoice& choice, int64_t channels, int64_t size, int64_t kernel, const char* target,
                          int64_t groups = 1) {
    OpAttributes a;
    a.channels = channels;
    a.groups = groups;
    a.kernel = {kernel, kernel};
    a.pad = {kernel / 2, kernel / 2};
    const TensorType type = TensorType::picture(channels, size, size);
    program::KernelSpec spec;
    spec.kind = program::KernelKind::conv2d;
    spec.attributes = a;
    spec.in = layout(type, a.pad.largest());
    spec.out = layout(type);
    const int64_t multiply_adds = type.elements() * channels / groups * kernel * kernel;
    const program::Limit limit = choice.by->choose({spec, multiply_adds, *find_target(target), zen}, choice).limit;
    return std::pair(limit, expectation(convolution_of(spec), choice, zen, limit));
  };
  const AlgorithmChoice direct, grouped{&implementation_of(program::GroupedSchedule{})},
      strassen{&implementation_of(program::StrassenSchedule{})};
  struct Case {
    AlgorithmChoice choice;
    int64_t channels, size, kernel, groups;
  };
  for (const Case& one :
       {Case{direct, 256, 28, 3, 1}, {winograd_of(4, true), 256, 28, 3, 1}, {strassen, 256, 28, 1, 1}, {grouped, 256, 28, 3, 256}}) {
    const auto seconds = [&](const char* target) {
      return choose(one.choice, one.channels, one.size, one.kernel, target, one.groups).first.seconds;
    };
    CAPTURE(one.choice.by->algorithm(program::KernelKind::conv2d));
    CHECK(seconds("avx2") > 1.5 * seconds("avx512"));
    CHECK(seconds("sse41") > 1.5 * seconds("avx2"));
    CHECK(seconds("avx512") > 0);
  }
  // What binds a kernel is said where a model found it.
  CHECK(choose(direct, 256, 56, 3, "avx512").second.find(" ms expected on a core of machine 'znver5', bound by ") != std::string::npos);
  CHECK(choose(grouped, 256, 28, 3, "avx512", 256).second.find("bound by") == std::string::npos);
  // Weights count where they take clearly longer than the arithmetic. Short times have digits too.
  CHECK(choose(direct, 256, 56, 3, "avx512").second.find("memory") == std::string::npos);
  const std::string small = choose(direct, 1024, 1, 1, "avx512").second;
  CHECK(small.ends_with(" with its weights from memory"));
  CHECK_MESSAGE(small.starts_with("0.0"), small);
  CHECK_FALSE(choose(direct, 1, 1, 1, "avx512").second.starts_with("0.000 "));
}

TEST_CASE("select-kernels: the weights of a small network stay in the caches") {
  const Machine& machine = *find_machine("sapphirerapids");
  Convolution c;
  c.in = c.out = TensorType::picture(64, 8, 8);
  c.attributes.channels = 64;
  c.attributes.kernel = {3, 3};
  c.attributes.pad = {1, 1};
  const auto rate = [&](size_t count, const Machine& on) {
    return program::weight_bytes_a_second(on, std::vector<Convolution>(count, c));  // 147,456 bytes each
  };
  CHECK(rate(1, machine) == machine.second.bytes_a_second);
  CHECK(rate(20, machine) == machine.third.bytes_a_second);
  CHECK(rate(400, machine) == machine.memory_bytes_a_second);
  Machine shared = machine;
  shared.third.bytes = int64_t{480} << 20;  // as a virtual machine says
  CHECK(rate(220, shared) == machine.third.bytes_a_second);
  CHECK(rate(400, shared) == machine.memory_bytes_a_second);
  CHECK(rate(20, *find_machine("cortex-a72")) == find_machine("cortex-a72")->memory_bytes_a_second);  // there is no third
  // Where they do, no time is saved by transforming them in each run.
  const auto chosen = [&](size_t count) { return passes::choose_algorithms(std::vector<Convolution>(count, c), machine).front(); };
  CHECK(chosen(400) == winograd_of(4, false));
  CHECK_FALSE(chosen(20) == winograd_of(4, false));
}

TEST_CASE("select-kernels: no tile of Winograd's transforms is larger than the context allows") {
  graph::Graph graph;
  graph.name = "limits";
  const TensorType large = TensorType::picture(64, 56, 56), small = TensorType::picture(512, 7, 7);
  graph.input.type = large;
  graph.ops.push_back(make_op(OpKind::input, "image", large, {}));
  graph.ops.push_back(make_conv("a", large, 0, 64, 3));
  graph.ops.push_back(make_op(OpKind::avg_pool, "pool", TensorType::picture(64, 7, 7), {1}));
  graph.ops.back().attributes.kernel = graph.ops.back().attributes.stride = {8, 8};
  graph.ops.push_back(make_conv("b", small, 2, 64, 1));
  graph.ops.push_back(make_conv("c", small, 3, 512, 3));
  graph.outputs.push_back({"result", 4, {}});
  const auto tiles = [&](int64_t largest) {
    Sources sources;
    Diagnostics diagnostics(sources);
    passes::PassContext context;
    context.diagnostics = &diagnostics;
    context.target = find_target("avx2");
    context.winograd_tile = largest;
    std::vector<int64_t> outputs;
    for (const program::Kernel& kernel : passes::select_kernels(graph, context)->kernels) {
      if (kernel.kind != program::KernelKind::conv2d) continue;
      const auto* transformed = std::get_if<program::WinogradSchedule>(&kernel.schedule);
      outputs.push_back(transformed == nullptr ? 0 : transformed->output);
    }
    return outputs;
  };
  CHECK(tiles(largest_winograd_tile) == std::vector<int64_t>{4, 0, 2});
  CHECK(tiles(2) == std::vector<int64_t>{2, 0, 2});
  CHECK(tiles(0) == std::vector<int64_t>{0, 0, 0});
}

program::WinogradSchedule transformed(const program::KernelSpec& spec, const AlgorithmChoice& choice, const Target& target) {
  return std::get<program::WinogradSchedule>(choice.by->choose({spec, 0, target, default_machine()}, choice).schedule);
}

TEST_CASE("select-kernels: where Winograd's transforms gain") {
  const Machine& zen = *find_machine("znver5");  // on which the gains were measured
  const auto conv = [](int64_t channels, int64_t size, auto change) {
    OpAttributes a;
    a.channels = channels;
    a.kernel = {3, 3};
    a.pad = {1, 1};
    change(a);
    return Convolution{
        TensorType::picture(channels, size * a.stride.h, size * a.stride.w), TensorType::picture(channels, size, size), a, {}};
  };
  const auto as_it_is = [](OpAttributes&) {};
  const auto choose = [&](int64_t channels, int64_t size, auto change) {
    const Convolution one = conv(channels, size, change);
    return passes::choose_algorithms({&one, 1}, zen)[0];
  };
  const auto strided = [](OpAttributes& a) { a.stride = {2, 2}; };
  CHECK(choose(64, 56, as_it_is).output == 4);
  CHECK(choose(512, 7, as_it_is) == winograd_of(2, true));  // with few pixels, reading the weights from memory takes the most time
  CHECK(choose(8, 56, as_it_is).output == 0);               // not whole vectors
  CHECK(choose(1024, 1, as_it_is).output == 0);
  CHECK(choose(64, 28, strided).output == 4);
  CHECK(choose(512, 7, strided).output == 0);
  CHECK(choose(64, 56, [](OpAttributes& a) { a.dilation = {2, 2}; }).output == 0);
  CHECK(choose(64, 56, [](OpAttributes& a) { a.groups = 2; }).output == 0);
  CHECK(choose(64, 56, [](OpAttributes& a) { a.kernel = {3, 1}; }).output == 0);

  // The first layer of a network for pictures goes through phases if nothing else needs its input in vectors, and if there are other
  // layers, because its transformed weights are more than twice as large.
  std::vector<Convolution> stem{conv(64, 56, as_it_is), conv(64, 112, [](OpAttributes& a) {
                                  a.kernel = {7, 7};
                                  a.stride = {2, 2};
                                  a.pad = {3, 3};
                                })};
  stem[1].in.channels = 3;
  CHECK(passes::choose_algorithms(stem, zen)[1].output == 0);
  stem[1].dense = true;
  CHECK(passes::choose_algorithms(stem, zen)[1] == winograd_of(4, true));

  // Packed weights are at most twice as large as the checkpoint's. The weights of a tile of 4 are too large alone, but not beside others.
  std::vector<Convolution> network{conv(256, 14, as_it_is)};
  CHECK_FALSE(passes::choose_algorithms(network, zen)[0] == winograd_of(4, true));
  for (int i = 0; i < 3; ++i) network.push_back(conv(256, 1, as_it_is));
  CHECK(passes::choose_algorithms(network, zen)[0] == winograd_of(4, true));
  for (int i = 0; i < 20; ++i) network.push_back(conv(256, 14, as_it_is));
  const std::vector<AlgorithmChoice> choices = passes::choose_algorithms(network, zen);
  CHECK(std::count(choices.begin(), choices.end(), winograd_of(4, true)) >= 1);
  int64_t packed = 0;
  for (const AlgorithmChoice& c : choices) packed += c.packed ? (c.output + 2) * (c.output + 2) : 9;
  CHECK(packed <= 2 * 9 * static_cast<int64_t>(network.size()));

  // Channels that are no power of two, of small pictures, are shared between threads as well.
  for (int64_t channels : {80, 176}) {
    for (int64_t size : {11, 13, 21}) {
      program::KernelSpec spec;
      spec.kind = program::KernelKind::conv2d;
      spec.attributes.kernel = {3, 3};
      spec.in = spec.out = layout(TensorType::picture(channels, size, size), {1, 1});
      const program::WinogradSchedule s = transformed(spec, winograd_of(4, false), *find_target("avx512"));
      CHECK((size + 3) / 4 / s.rows + s.parts >= 2);
      CHECK(s.parts <= 4);
    }
  }

  for (const char* name : {"avx512", "avx2", "sse41"}) {
    const Target& target = *find_target(name);
    for (int64_t channels : {16, 48, 64, 512}) {
      for (int64_t size : {1, 7, 13, 56, 113}) {
        for (int64_t stride : {1, 2}) {
          for (const AlgorithmChoice& choice : {winograd_of(2, true), winograd_of(4, false)}) {
            program::KernelSpec spec;
            spec.kind = program::KernelKind::conv2d;
            spec.attributes.kernel = {3, 3};
            spec.attributes.stride = {stride, stride};
            spec.in = layout(TensorType::picture(channels, size * stride, size * stride), {1, 1});
            spec.out = layout(TensorType::picture(channels, size, size));
            const program::WinogradSchedule s = transformed(spec, choice, target);
            spec.schedule = s;
            CHECK(channels / 16 % s.vectors == 0);
            CHECK(s.parts <= channels / 16 / s.vectors);
            CHECK(s.rows % s.tiles.h == 0);
            CHECK(s.rows >= 1);
            CHECK(s.vectors * s.tiles.h * s.tiles.w <= 30);
            CHECK((s.depth == 0) == choice.packed);
            if (!choice.packed) CHECK(channels % s.depth == 0);
            CHECK(program::scratch_bytes(spec) <= (10 << 20));
          }
        }
      }
    }
  }
}

TEST_CASE("select-kernels: a schedule of Strassen's products for rows that leave the cache") {
  // The model would not choose this schedule, but a tuned file may name it.
  program::KernelSpec spec;
  spec.kind = program::KernelKind::conv2d;
  spec.in = spec.out = layout(TensorType::picture(1024, 4, 128));
  REQUIRE(program::can_be_strassen(spec));
  REQUIRE(program::all_choices(convolution_of(spec), default_machine(), largest_winograd_tile).size() == 1);
  const program::ScheduleChoice choice =
      implementation_of(program::StrassenSchedule{}).choose({spec, 0, *codegen::host_target(), default_machine()}, {});
  const auto& schedule = std::get<program::StrassenSchedule>(choice.schedule);
  CHECK(schedule.rows == schedule.tiles.h);
}

}  // namespace resnetc::testing
