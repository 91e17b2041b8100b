/// \file The text forms: printed texts read back unchanged, and mistakes are reported at their places.
#include <cmath>

#include "ir/forms/text.h"
#include "tests/unit/ir/samples.h"

using namespace resnetc;
using namespace ir_test;

TEST_CASE("each level reads back as printed") {
  CHECK(reprinted<topology::Network>(topology::parse, topology_text) == topology_text);
  CHECK(reprinted<graph::Graph>(graph::parse, graph_text) == graph_text);
  CHECK(reprinted<program::Program>(program::parse, program_text) == program_text);
}

TEST_CASE("reading keeps every field") {
  std::optional<topology::Network> net;
  reprinted(topology::parse, topology_text, &net);
  CHECK(net->parameters[1].value == -3);
  CHECK(net->input.buffer.std[2] == 1e-20);
  REQUIRE(net->body.size() == 10);
  const topology::Node& block = net->body[2].children[0];
  CHECK(block.block_kind == topology::BlockKind::conv);
  CHECK(block.definition == "conv_block");
  CHECK(block.at == Location{block.at.file, 1, 7, 10});
  CHECK(block.children[0].attributes.dilation == Extent2{2, 2});
  CHECK(block.children[1].from_name == "in");
  CHECK(block.children[1].from == block.input);
  CHECK(net->value(block.children[1].list_result).name == "layer1.0.downsample.0");
  CHECK(net->value(block.children[1].result).at.column == 4);
  CHECK(block.children[1].at.column == 3);
  CHECK(!net->value(block.children[2].result).at.known());
  CHECK(net->body[2].children[1].result == net->body[2].children[1].input);
  const topology::Node &concat = net->body[4], &back = net->body[7];
  CHECK(concat.kind == topology::NodeKind::concat);
  CHECK_FALSE(concat.spread);
  CHECK(net->value(concat.list_result).name == "list.0");
  CHECK(net->body[5].spread);
  CHECK(net->body[6].spread);
  CHECK(back.kind == topology::NodeKind::from);
  CHECK(back.input == net->body[6].result);
  CHECK(back.result == concat.input);
  CHECK(back.at == Location{back.at.file, 8, 3, 6});
  CHECK(back.from_at == Location{back.at.file, 8, 8, 1});

  std::optional<graph::Graph> graph;
  reprinted(graph::parse, graph_text, &graph);
  CHECK(std::signbit(graph->ops[3].constants[1]->value));
  CHECK(graph::use_counts(*graph) == std::vector<int>{1, 2, 3, 1, 2, 2, 1, 2, 1, 1, 1, 1});
  CHECK(graph::checkpoint_tensors(*graph).size() == 9);
  CHECK(graph::multiply_adds(*graph, graph->ops[1]) == 27648);

  std::optional<program::Program> program;
  reprinted(program::parse, program_text, &program);
  CHECK(program->arena_bytes == 26560);
  CHECK(program->kernels[1].reason == "direct convolution, \"16\" x 4");
  CHECK(program->kernels[2].schedule == program::Schedule(program::DirectSchedule{2, 16, 0, true}));
  CHECK(program->kernels[7].port == 1);
}

TEST_CASE("padding is an extent where the sides of each axis are equal, and four sides elsewhere") {
  const auto printed = [](std::string_view pad) { return reprinted<graph::Graph>(graph::parse, replaced(graph_text, "pad=0x0x1x1", pad)); };
  CHECK(printed("pad=0x0x1x1") == graph_text);
  CHECK(printed("pad=1x0x0x1") == replaced(graph_text, "pad=0x0x1x1", "pad=1x0x0x1"));
  constexpr std::string_view cut = R"(graph "n" {
  input %x : f32[N, 4, 5, 6]
  %p = pad(%x) pad=-1x0x2x-3 : f32[N, 4, 6, 3]
  %q = pad(%p) pad=-1x-1 : f32[N, 4, 4, 1]
  output "y" %q
}
)";
  CHECK(reprinted<graph::Graph>(graph::parse, cut) == cut);
  CHECK(first_error(graph::parse, replaced(graph_text, "pad=0x0x1x1", "pad=0x0x1x-1")) ==
        "this IR is not valid: max_pool 'max': pad = 0x0x1x-1 is not between 0 and 268435456");
  CHECK(printed("pad=1x1x1x1") == replaced(graph_text, "pad=0x0x1x1", "pad=1x1"));
  for (std::string_view wrong : {"pad=1", "pad=1x", "pad=1x1x1", "pad=1x1x1x"}) {
    CAPTURE(std::string(wrong));
    CHECK(first_error(graph::parse, replaced(graph_text, "pad=0x0x1x1", wrong)).starts_with("expected "));
  }
}

/// A convolution by Winograd's transforms.
constexpr std::string_view winograd_text = R"(program "net" target "avx2" {
  input "image" : f32[N, 16, 9, 9]
  output "y" : f32[N, 32, 9, 9]
  by_picture=true
  brief=false because "as written"
  tensor %image : f32[N, 16, 9, 9] stride=16 halo=1x1
  tensor %conv : f32[N, 32, 9, 9] stride=32 halo=0x0
  constant @0 : f32[18432] at 0 = pack_winograd(tensor("conv.weight", [32, 16, 3, 3]), output=4, stride=1)
  kernel "image" load out %image
      schedule general vectors=1 rows=2
  kernel "conv" conv2d channels=32 kernel=3x3 pad=1x1 in %image weight @0 out %conv
      schedule winograd output=4 vectors=2 tiles=2x3 rows=2 depth=0 parts=2 multiply_adds=373248
  kernel "y" store in %conv output 0
      schedule general vectors=1 rows=0
}
)";

TEST_CASE("a program with Winograd's transforms reads back as it was printed") {
  std::optional<program::Program> program;
  reprinted(program::parse, winograd_text, &program);
  const program::KernelSpec spec = spec_of(*program, program->kernels[1]);
  CHECK(spec.schedule == program::Schedule(program::WinogradSchedule{4, 2, {2, 3}, 2, 0, 2}));
  // 36 elements of the transform by (3 + 1) x 2 tiles: by 16 channels of the input, and by 32 of products.
  CHECK(program::scratch_bytes(spec) == 4 * 36 * 8 * (16 + 32) + 1024);
  CHECK(program::scratch_bytes(spec_of(*program, program->kernels[0])) == 0);
}

TEST_CASE("a program's decisions are what its text says, or are chosen where a text of before lacks them") {
  const auto read = [](std::string_view from, std::string_view to) {
    std::optional<program::Program> program;
    std::string text = replaced(winograd_text, from, to);
    Sources sources;
    Diagnostics diagnostics(sources);
    program = program::parse(sources.add("net.program", std::move(text)), diagnostics);
    REQUIRE_MESSAGE(program.has_value(), diagnostics.render());
    return *program;
  };
  const program::Program said = read("", "");
  CHECK(said.by_picture.yes);
  CHECK(said.by_picture.reason.empty());
  CHECK_FALSE(said.brief.yes);
  CHECK(said.brief.reason == "as written");
  // 373248 multiply-adds and 73728 bytes of weights.
  const program::Program chosen = read("  by_picture=true\n  brief=false because \"as written\"\n", "");
  CHECK_FALSE(chosen.by_picture.yes);
  CHECK(chosen.by_picture.reason ==
        "373248 multiply-adds take less than 1.25 times as long as 73728 bytes of weights take to come from memory");
  CHECK(chosen.brief.yes);
  CHECK(chosen.brief.reason == "373248 multiply-adds take less time than it takes to wake a thread");
  CHECK(read("by_picture=true", "by_picture=false").by_picture.yes == false);
  const auto error = [](std::string_view text, std::string_view from, std::string_view to) {
    return first_error(program::parse, replaced(text, from, to));
  };
  CHECK(error(winograd_text, "by_picture=true", "by_picture=yes") == "expected true or false");
  CHECK(error(winograd_text, "brief=false", "brief=") == "expected true or false");
}

TEST_CASE("a program is for a target of the table, by its name or by Halide's, which texts had once") {
  const auto read = [](std::string_view target) {
    return reprinted<program::Program>(program::parse, replaced(winograd_text, "avx2", target));
  };
  CHECK(read(find_target("avx2")->halide) == winograd_text);
  CHECK(read("avx2") == winograd_text);
  CHECK(first_error(program::parse, replaced(winograd_text, "avx2", "vax")) ==
        "unknown target 'vax'; the targets are cuda, avx512_bf16, avx512_vnni, avx512, avx2, sse41");
}

/// A 1x1 convolution by Strassen's products, with a projection.
constexpr std::string_view strassen_text = R"(program "net" target "avx2" {
  input "image" : f32[N, 32, 9, 9]
  output "y" : f32[N, 96, 9, 9]
  by_picture=false
  brief=true
  tensor %image : f32[N, 32, 9, 9] stride=32 halo=0x0
  tensor %conv : f32[N, 96, 9, 9] stride=96 halo=0x0
  constant @0 : f32[5472] at 0 = pack_strassen(tensor("conv.weight", [96, 32, 1, 1]), tensor("shortcut.weight", [96, 32, 1, 1]))
  constant @1 : f32[5472] at 21888 = pack_strassen(tensor("shortcut.weight", [96, 32, 1, 1]), tensor("conv.weight", [96, 32, 1, 1]))
  kernel "image" load out %image
      schedule general vectors=1 rows=2
  kernel "conv" conv2d channels=96 in %image weight @0 then project(%image, @1) out %conv
      schedule strassen vectors=3 tiles=1x2 rows=4 parts=1 multiply_adds=497664
  kernel "y" store in %conv output 0
      schedule general vectors=1 rows=0
}
)";

/// A 3x3 convolution on a GPU, with a projection.
constexpr std::string_view threads_text = R"(program "net" target "cuda" {
  input "image" : f32[N, 16, 9, 9]
  output "y" : f32[N, 40, 9, 9]
  by_picture=false because "a GPU computes each kernel for the whole batch"
  brief=true
  tensor %image : f32[N, 16, 9, 9] stride=16 halo=1x1
  tensor %conv : f32[N, 40, 9, 9] stride=48 halo=0x0
  constant @0 : f32[6912] at 0 = pack_blocks(tensor("conv.weight", [40, 16, 3, 3]), block=48)
  constant @1 : f32[768] at 27648 = pack_blocks(tensor("shortcut.weight", [40, 16, 1, 1]), block=48)
  kernel "image" load out %image
      schedule threads channels=4 tiles=1x1 block=32x4
  kernel "conv" conv2d channels=40 kernel=3x3 pad=1x1 in %image weight @0 then project(%image, @1) out %conv
      schedule threads channels=4 tiles=3x5 block=2x12 multiply_adds=466560
  kernel "y" store in %conv output 0
      schedule threads channels=1 tiles=1x1 block=16x9
}
)";

TEST_CASE("a program for a GPU reads back as it was printed, and is checked") {
  std::optional<program::Program> program;
  reprinted(program::parse, threads_text, &program);
  const program::KernelSpec spec = spec_of(*program, program->kernels[1]);
  CHECK(program::on_gpu(*program));
  CHECK(spec.schedule == program::Schedule(program::ThreadSchedule{4, {3, 5}, {2, 12}}));
  CHECK(program::algorithm_of(program->kernels[1]) == "direct");
  CHECK(program::algorithm_of(program->kernels[0]) == "general");
  CHECK(program::scratch_bytes(spec) == 0);
  CHECK_FALSE(program::writes_once(*program, program->kernels[1]));
  CHECK_FALSE(program->by_picture.yes);

  const auto fault = [](std::string_view from, std::string_view to) {
    std::string error = first_error(program::parse, replaced(threads_text, from, to));
    const std::string_view prefix = "this IR is not valid: kernel 'conv': ";
    return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
  };
  CHECK(fault("", "") == "read");
  CHECK(fault("by_picture=false", "by_picture=true") ==
        "this IR is not valid: by_picture is not for a GPU, which computes each kernel for the whole batch");
  const std::string of_a_thread = " are out of range: channels are 1 to 4, and a thread makes 1 to 128 elements";
  CHECK(fault("channels=4 tiles=3x5", "channels=0 tiles=3x5") == "channels=0 and tiles=3x5" + of_a_thread);
  CHECK(fault("channels=4 tiles=3x5", "channels=5 tiles=3x5") == "channels=5 and tiles=3x5" + of_a_thread);
  CHECK(fault("tiles=3x5", "tiles=9x5") == "channels=4 and tiles=9x5" + of_a_thread);
  CHECK(fault("channels=4 tiles=3x5", "channels=1 tiles=1x10") == "tiles=1x10 are larger than what is shared in tiles, 9x9");
  CHECK(fault("channels=4 tiles=3x5", "channels=3 tiles=3x5") ==
        "it takes its weight packed in blocks of 36, and has it packed in blocks of 48");
  CHECK(fault("block=2x12", "block=86x12") == "block=86x12 is out of range: a block has 1 to 1024 threads");
  CHECK(fault("block=2x12", "block=0x12") == "block=0x12 is out of range: a block has 1 to 1024 threads");
  CHECK(fault("block=2x12", "block=2x13") == "13 threads side by side with channels=4 would have 52 channels, of which there are 48");
  // A store's threads have columns.
  const std::string store_fault = first_error(program::parse, replaced(threads_text, "block=16x9", "block=16x10"));
  CHECK(store_fault ==
        "this IR is not valid: kernel 'y': 10 threads side by side with channels=1 would have 10 columns, of which there are 9");
  CHECK(fault("block=2x12", "block=2x12 flat") == "only a 1x1 convolution whose pixels lie along one axis can be flat");
  CHECK(fault("block=2x12", "block=2x11") == "it takes its weight packed in blocks of 44, and has it packed in blocks of 48");
  CHECK(fault("schedule threads channels=4 tiles=3x5 block=2x12", "schedule direct vectors=1 pixels=1 rows=1") ==
        "its algorithm 'direct' is not for the program's target");
  CHECK(first_error(program::parse,
                    replaced(strassen_text, "schedule general vectors=1 rows=2", "schedule threads channels=4 tiles=1x1 block=1x8")) ==
        "this IR is not valid: kernel 'image': its algorithm 'threads' is not for the program's target");
}

TEST_CASE("programs for several targets share their constants") {
  std::optional<program::Program> gpu, cpu;
  reprinted(program::parse, threads_text, &gpu);
  reprinted(program::parse, strassen_text, &cpu);
  std::vector<program::Program> programs{*gpu, *cpu, *gpu};
  program::share_constants(programs);
  for (const program::Program& program : programs) {
    REQUIRE(program.constants.size() == 4);
    CHECK(program::verify(program) == std::nullopt);
    CHECK(program.constants[1].offset == gpu->constants[1].offset);
  }
  const auto text_of = [](const program::Program& program, program::ConstantId id) { return to_string(*program.constant(id).recipe); };
  CHECK(text_of(programs[1], programs[1].kernels[1].weight) == text_of(*cpu, cpu->kernels[1].weight));
  CHECK(text_of(programs[1], programs[1].kernels[1].epilogue[0].constants[0]) == text_of(*cpu, cpu->kernels[1].epilogue[0].constants[0]));
  CHECK(programs[2].kernels[1].weight == gpu->kernels[1].weight);
}

TEST_CASE("a program with Strassen's products reads back as it was printed, and is checked") {
  std::optional<program::Program> program;
  reprinted(program::parse, strassen_text, &program);
  const program::KernelSpec spec = spec_of(*program, program->kernels[1]);
  CHECK(spec.schedule == program::Schedule(program::StrassenSchedule{3, {1, 2}, 4, 1}));
  // Seven products of 2 pairs and 48 channels; seven sums of 4 rows of 6 pairs and 16 channels (16 more between pixels) of each input.
  CHECK(program::scratch_bytes(spec) == 4 * 7 * (2 * 48 + 2 * 4 * 6 * (16 + 16)) + 3 * 1024);
  // Seven products instead of eight, of five pairs in a row of nine pixels.
  CHECK(program::cost_of(*program, program->kernels[1]).multiply_adds == 7 * 5 * 9 * 16 * 2 * 48);

  const auto fault = [](std::string_view from, std::string_view to) {
    std::string error = first_error(program::parse, replaced(strassen_text, from, to));
    const std::string_view prefix = "this IR is not valid: kernel 'conv': ";
    return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
  };
  CHECK(fault("", "") == "read");
  CHECK(fault("tiles=1x2", "tiles=0x2") == "a register tile of 3 vectors by 0x2 tiles is out of range: their product is 1 to 64");
  CHECK(fault("tiles=1x2", "tiles=3x2") == "tasks of 4 rows of tiles are no multiple of a register tile's 3");
  CHECK(fault("rows=4", "rows=10") == "tasks of 10 rows of tiles are out of range: 0 to 9");
  CHECK(fault("parts=1", "parts=0") == "0 parts of its channels are out of range: 1 to 6");
  const std::string schedule = "schedule direct vectors=3 pixels=3 rows=4 multiply_adds";
  CHECK(fault("schedule strassen vectors=3 tiles=1x2 rows=4 parts=1 multiply_adds", schedule) ==
        "it takes its weight packed in vectors of 16 channels, and has it packed in halves for Strassen's products");
  for (std::string_view other : {", tensor(\"shortcut.weight\", [96, 32, 1, 1]))\n", ", tensor(\"conv.weight\", [96, 32, 1, 1]))\n"}) {
    CHECK(fault(other, ")\n") == "its weights are packed in view of others than those that it sums");
  }
  CHECK(fault("channels=96 in", "channels=96 stride=1x1 groups=2 in") == "it is no 1x1 convolution whose channels have whole halves");
}

TEST_CASE("a program whose kernel pools what it computes reads back as it was printed, and is checked") {
  const auto pooled = [](std::string_view pool, std::string_view type = "[N, 32, 4, 4]") {
    std::string text = replaced(winograd_text, "weight @0 out", "weight @0 " + std::string(pool) + " out");
    text = replaced(text, "parts=2", "parts=1");
    for (std::string_view from : {"output \"y\" : f32[N, 32, 9, 9]", "tensor %conv : f32[N, 32, 9, 9]"}) {
      text = replaced(text, from, replaced(from, "[N, 32, 9, 9]", type));
    }
    return text;
  };
  const std::string text = pooled("pool kernel=2x2 stride=2x2");
  std::optional<program::Program> program;
  CHECK(reprinted(program::parse, text, &program).find(" pool kernel=2x2 stride=2x2 out %conv") != std::string::npos);
  const program::KernelSpec spec = spec_of(*program, program->kernels[1]);
  CHECK(computed_type(spec) == TensorType::picture(32, 9, 9));
  CHECK(pooled_rows(spec) == 4);  // two rows of tiles of four, windows of two
  CHECK(to_string(spec).find(" pool kernel=2x2 stride=2x2 out") != std::string::npos);

  const auto fault = [](const std::string& wrong) {
    std::string error = first_error(program::parse, wrong);
    const std::string_view prefix = "this IR is not valid: kernel 'conv': ";
    return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
  };
  CHECK(fault(text) == "read");
  CHECK(fault(pooled("pool kernel=3x3 stride=2x2", "[N, 32, 9, 9]")) ==
        "its type is f32[N, 32, 9, 9] where the operation makes f32[N, 32, 4, 4]");
  CHECK(fault(pooled("pool kernel=2x2 stride=2x2 pad=1x1", "[N, 32, 5, 5]")) == "a pool's window must be more than twice its padding");
  CHECK(fault(pooled("pool kernel=2x2 stride=2x2 pad=0x0x1x1", "[N, 32, 5, 5]")) == "a pool's window must be more than twice its padding");
  CHECK(fault(pooled("pool kernel=3x3 stride=2x2 pad=0x0x1x1")) == "read");
  CHECK(fault(pooled("pool kernel=2x2 stride=2x2 ceil=true", "[N, 32, 5, 5]")) == "read");
  CHECK(fault(pooled("pool kernel=2x2 stride=2x2 ceil=true")) == "its type is f32[N, 32, 4, 4] where the operation makes f32[N, 32, 5, 5]");
  CHECK(fault(pooled("pool kernel=3x3 stride=2x2 same_pad=true", "[N, 32, 5, 5]")) ==
        "same_pad=true exists in topologies only: in a graph it is a step, a constant or a number");
  CHECK(fault(pooled("pool kernel=5x5", "[N, 32, 5, 5]")) == "a pool inside a kernel has at most 16 elements");
  CHECK(fault(pooled("then add(%conv) pool kernel=2x2 stride=2x2")) == "it reads tensor 'conv', which nothing has written");
  const std::string_view whole = "only a Winograd kernel can pool what it computes, in tasks that hold a whole window";
  CHECK(fault(replaced(text, "parts=1", "parts=2")) == whole);
  CHECK(fault(replaced(text, "rows=2 depth", "rows=0 depth")) == whole);
  CHECK(fault(replaced(text, "schedule winograd output=4 vectors=2 tiles=2x3 rows=2 depth=0 parts=1",
                       "schedule direct vectors=2 pixels=3 rows=1")) == whole);
}

TEST_CASE("unused operations go and the rest is renumbered") {
  std::optional<graph::Graph> graph;
  reprinted(graph::parse, replaced(graph_text, "  output \"logits\" %softmax\n", ""), &graph);
  const size_t before = graph->ops.size();
  graph::remove_unused(*graph);
  CHECK(graph->ops.size() == before - 4);
  CHECK(!graph::verify(*graph));
  CHECK(graph->op(graph->outputs[0].value).name == "max");
}

TEST_CASE("comments and any blanks may stand between tokens") {
  std::string spread(graph_text);
  spread = replaced(spread, " {\n", "{ # a comment\n\n\t");
  spread = replaced(spread, "%bn = batch_norm(%conv1)", "%bn=batch_norm ( %conv1 ) # another\n");
  CHECK(reprinted<graph::Graph>(graph::parse, spread) == graph_text);
}

TEST_CASE("mistakes in text are reported at their place") {
  Sources sources;
  Diagnostics diagnostics(sources);
  const FileId file = sources.add("x.ir", replaced(graph_text, "affine(%bn)", "affine(%nothing)"));
  CHECK(!graph::parse(file, diagnostics));
  REQUIRE(diagnostics.all().size() == 1);
  CHECK(diagnostics.all()[0].text == "%nothing is not defined before its use");
  CHECK(diagnostics.all()[0].at == Location{file, 13, 20, 1});

  const auto error = [](std::string_view from, std::string_view to) { return first_error(graph::parse, replaced(graph_text, from, to)); };
  CHECK(error("%pool = ", "%add = ") == "%add is defined twice");
  CHECK(error("max_pool", "max_pol") == "unknown operation 'max_pol'; did you mean 'max_pool'?");
  CHECK(error("max_pool", "min_pool").starts_with("unknown operation 'min_pool'; known are conv2d, "));
  CHECK(error("then bias, affine", "then tilt").starts_with("unknown step of an epilogue 'tilt'; known are "));
  CHECK(error("then bias, affine", "then bais, affine") == "unknown step of an epilogue 'bais'; did you mean 'bias'?");
  CHECK(error("kernel=3x3", "kernel=3") == "expected an extent such as 3x3");
  CHECK(error("channels=16", "channels=16 channels=17") == "'channels' stands here twice");
  CHECK(error("output \"logits\" %softmax\n}", "output \"logits\" %softmax\n} x") == "text after the end of the network");
  CHECK(error("scale_rows(", "scale_cows(") == "in this recipe, at offset 0: unknown recipe 'scale_cows'; did you mean 'scale_rows'?");
  CHECK(first_error(graph::parse, "") == "expected 'graph'");
  CHECK(first_error(program::parse, "program \"a\" target") == "expected a string in double quotes");
  CHECK(first_error(topology::parse, replaced(topology_text, "relu(%layer1.0.gate)", "relu(%bn1)")) ==
        "this is not the value that stands here");
  std::string deep = "topology \"n\" { input %x as \"x\" : f32[N, 1]";
  for (int i = 0; i < 100000; ++i) deep += "stage \"s\" { ";
  CHECK(first_error(topology::parse, deep) == "nested too deeply");
}

TEST_CASE("a misspelt word is met with what may have been meant") {
  const auto in_topology = [](std::string_view from, std::string_view to) {
    return first_error(topology::parse, replaced(topology_text, from, to));
  };
  CHECK(in_topology("= skip(", "= skp(") == "unknown operation 'skp'; did you mean 'skip'?");
  CHECK(in_topology("= concat(", "= cnocat(") == "unknown operation 'cnocat'; did you mean 'concat'?");
  CHECK(in_topology("skip spread", "skip spraed") == "unknown word 'spraed'; did you mean 'spread'?");
  CHECK(in_topology("\"layer1.0\" conv", "\"layer1.0\" cnv") == "unknown kind of block 'cnv'; did you mean 'conv'?");
  CHECK(in_topology("kernel=3x3", "kernl=3x3") == "unknown word 'kernl'; did you mean 'kernel'?");
  CHECK(in_topology("weights=", "weigths=") == "unknown word 'weigths'; did you mean 'weights'?");
  CHECK(in_topology("  output \"features\"", "  ouput \"features\"") == "unknown word 'ouput'; did you mean 'output'?");
  const auto in_program = [](std::string_view from, std::string_view to) {
    return first_error(program::parse, replaced(program_text, from, to));
  };
  CHECK(in_program("schedule direct", "schedule dirct") == "unknown algorithm 'dirct'; did you mean 'direct'?");
  CHECK(in_program("schedule direct", "schedule fast").starts_with("unknown algorithm 'fast'; known are general, direct, "));
  CHECK(in_program("conv2d channels=32", "conv2 channels=32") == "unknown kind of kernel 'conv2'; did you mean 'conv2d'?");
  CHECK(in_program("vectors=2 pixels=16", "vectors=2 pixel=16") == "unknown word 'pixel'; did you mean 'pixels'?");
  CHECK(in_program("rows=0 flat", "rows=0 flt") == "unknown word 'flt'; did you mean 'flat'?");
  CHECK(in_program("rows=0 flat", "rows=0 otherwise") == "expected '}'");
  CHECK(in_program("kernel \"sum\"", "kernal \"sum\"") == "unknown word 'kernal'; did you mean 'kernel'?");
  CHECK(in_program("halo=1x1 at", "hallo=1x1 at") == "unknown word 'hallo'; did you mean 'halo'?");
}

TEST_CASE("what is no integer is said to be none, and what constants there are") {
  const auto error = [](std::string_view from, std::string_view to) {
    return first_error(program::parse, replaced(program_text, from, to));
  };
  const std::string size = "expected an integer between 0 and 268435456";
  CHECK(error("rows=2", "rows=1.5") == size);
  CHECK(error("rows=2", "rows=1e3") == size);
  CHECK(error("rows=2", "rows=two") == size);
  CHECK(error("arena 26560", "arena -1") == "expected an integer of at least 0");
  CHECK(error("weight @0", "weight @5") == "there is no constant @5: the program has @0 to @4");
  CHECK(error("weight @0", "weight @-1") == "expected an integer of at least 0");
  CHECK(error("constant @1", "constant @2") == "constants are numbered in their order: this one is @1");
  CHECK(first_error(program::parse, "program \"p\" target \"avx2\" { input \"x\" : f32[N, 1] kernel \"k\" conv2d weight @0") ==
        "there is no constant @0: the program has none");
}

TEST_CASE("any cut of a text is an error, not a crash") {
  for (size_t length = 0; length + 2 < topology_text.size(); length += 7) {
    CHECK(first_error(topology::parse, std::string(topology_text.substr(0, length))) != "read");
  }
  for (size_t length = 0; length + 2 < graph_text.size(); length += 7) {
    CHECK(first_error(graph::parse, std::string(graph_text.substr(0, length))) != "read");
  }
  for (size_t length = 0; length + 2 < program_text.size(); length += 7) {
    CHECK(first_error(program::parse, std::string(program_text.substr(0, length))) != "read");
  }
}

TEST_CASE("strings of any bytes read back") {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  const std::string quoted = text::quoted(all);
  text::Cursor cursor(quoted);
  CHECK(cursor.string() == all);
  CHECK(cursor.at_end());
  CHECK(text::value_name("a.b_0") == "%a.b_0");
  CHECK(text::value_name("a b") == "%\"a b\"");
  CHECK(text::value_name("") == "%\"\"");
}
