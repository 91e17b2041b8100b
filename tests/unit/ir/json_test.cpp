/// \file The JSON forms: they say all that the text forms say, mistakes are reported at their places, and docs/schema describes the forms.
/// UPDATE_GOLDENS=1 writes the schemas.
#include <fmt/format.h>
#include <llvm/Support/JSON.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "frontend/frontend.h"
#include "passes/pipeline.h"
#include "tests/unit/ir/forms.h"
#include "tests/unit/ir/samples.h"

using namespace resnetc;
using namespace ir_test;

namespace {

/// The JSON form of a sample's text.
template <class Parse>
std::string json_of(Parse parse, std::string_view text) {
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto ir = parse(sources.add("test.ir", std::string(text)), diagnostics);
  REQUIRE_MESSAGE(ir.has_value(), diagnostics.render());
  return to_json(*ir, sources);
}

const std::string& topology_json() {
  static const std::string json = json_of(topology::parse, topology_text);
  return json;
}
const std::string& graph_json() {
  static const std::string json = json_of(graph::parse, graph_text);
  return json;
}
const std::string& program_json() {
  static const std::string json = json_of(program::parse, program_text);
  return json;
}

std::string names_of(std::span<const OpInfo> ops) {
  std::vector<std::string_view> names;
  for (const OpInfo& op : ops) names.push_back(op.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// The printed text of the first error.
template <class Parse>
std::string rendered(Parse parse, std::string text) {
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto ir = parse(sources.add("net.json", std::move(text)), diagnostics);
  REQUIRE(ir.has_value() != diagnostics.has_errors());
  return ir ? "read" : diagnostics.render();
}

}  // namespace

TEST_CASE("the JSON form of each level says all that its text does") {
  const auto check = [](auto parse, std::string_view text) {
    Sources sources;
    Diagnostics diagnostics(sources);
    const auto ir = parse(sources.add("test.ir", std::string(text)), diagnostics);
    REQUIRE_MESSAGE(ir.has_value(), diagnostics.render());
    check_forms(*ir, sources);
    auto value = llvm::json::parse(to_json(*ir, sources));
    REQUIRE(static_cast<bool>(value));
  };
  check(topology::parse, topology_text);
  check(graph::parse, graph_text);
  check(program::parse, program_text);
}

TEST_CASE("JSON has the text's fields in the text's order, and leaves out what the text does") {
  const std::string node = R"({
      "name": "bn1",
      "kind": "layer",
      "op": "batch_norm",
      "input": "conv1",
      "attributes": {
        "eps": 0.001,
        "affine": false
      },
      "weights": "bn1",
      "type": "f32[N, 16, 8, 8]"
    })";
  CHECK(topology_json().find(node) != std::string::npos);
  const std::string kernel = R"({
      "name": "conv2",
      "kind": "conv2d",
      "attributes": {
        "channels": 32
      },
      "in": "conv1",
      "weight": 2,
      "out": "conv2",
      "schedule": {
        "algorithm": "direct",
        "vectors": 2,
        "pixels": 16,
        "rows": 0,
        "flat": true
      },
      "multiply_adds": 32768
    })";
  CHECK(program_json().find(kernel) != std::string::npos);
  CHECK(topology_json().find(R"("value_at": null)") != std::string::npos);
  CHECK(topology_json().find(R"("value_at": "blocks.rn:3:4+4")") != std::string::npos);
  CHECK(graph_json().find("\"shift\": \"fill(-0, [16])\"") != std::string::npos);
}

TEST_CASE("a program's text and JSON name its machine, unless that is the default one") {
  const auto named = [](std::string_view name) {
    std::string text(program_text);
    const std::string target = "target \"avx2\"";
    return text.replace(text.find(target), target.size(), target + " machine \"" + std::string(name) + "\"");
  };
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto program = program::parse(sources.add("net.program", named("znver3")), diagnostics);
  REQUIRE_MESSAGE(program.has_value(), diagnostics.render());
  CHECK(program->machine == "znver3");
  CHECK(program::label(*program) == "avx2:znver3");
  CHECK(program::print(*program, sources) == named("znver3"));
  const std::string json = program::to_json(*program, sources);
  CHECK(json.find("\"machine\": \"znver3\"") != std::string::npos);
  const auto from_json = program::parse_json(sources.add("net.json", json), diagnostics);
  REQUIRE_MESSAGE(from_json.has_value(), diagnostics.render());
  CHECK(from_json->machine == "znver3");
  const auto plain = program::parse(sources.add("net.program", named("generic")), diagnostics);
  REQUIRE_MESSAGE(plain.has_value(), diagnostics.render());
  CHECK(program::print(*plain, sources) == program_text);
  CHECK(program_json().find("\"machine\"") == std::string::npos);
  for (const char* wrong : {"", "host", "a,b", "a:b"}) {
    Diagnostics refused(sources);
    CHECK_FALSE(program::parse(sources.add("net.program", named(wrong)), refused).has_value());
    CHECK_FALSE(program::parse_json(sources.add("net.json", replaced(json, "\"znver3\"", "\"" + std::string(wrong) + "\"")), refused));
    CHECK(refused.error_count() == 2);
  }
}

TEST_CASE("a program's JSON of before has Halide's name of the target, and no decisions") {
  std::string text = replaced(program_json(), "\"avx2\"", "\"" + find_target("avx2")->halide + "\"");
  const size_t from = text.find("\"by_picture\""), to = text.find("\"tensors\"");
  REQUIRE(from < to);
  text.erase(from, to - from);
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto program = program::parse_json(sources.add("net.json", text), diagnostics);
  REQUIRE_MESSAGE(program.has_value(), diagnostics.render());
  CHECK(program->target == find_target("avx2"));
  const program::Decision by_picture = choose_by_picture(*program, default_machine());
  CHECK(program->by_picture.yes == by_picture.yes);
  CHECK(program->by_picture.reason == by_picture.reason);
  CHECK(program->brief.yes);
}

TEST_CASE("names of any bytes, numbers of any sign and the order of fields survive JSON") {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  all += "\xee\xbe\x80\xee\xbf\xbf \xf0\x9f\x98\x80 \xed\xa0\x80";  // what stands for bytes, a character of four bytes, a surrogate
  Sources sources;
  Diagnostics diagnostics(sources);
  graph::Graph graph;
  graph.name = "net";
  graph.input = {TensorType::picture(3, 4, 4), DimensionOrder::channels_last, {-0.0, 1e300, 5e-324}, {1e15, -1, 0.1}};
  graph.input.type.element = ElementType::u8;
  graph.ops.resize(2);
  graph.ops[0] = {OpKind::input, all, TensorType::picture(3, 4, 4), {}, {}, {}, {}, {sources.named(all), 1, 2, 3}};
  graph.ops[1] = {OpKind::relu, "relu", TensorType::picture(3, 4, 4), {}, {0}, {}, {}, {}};
  graph.outputs = {{all, 1, {}}};
  REQUIRE(!graph::verify(graph));
  check_forms(graph, sources);

  // The fields have another order and other blanks.
  const auto shuffled = graph::parse_json(
      sources.add("shuffled.json",
                  R"({"outputs":[{"value":"r","name":"y"}],"ops":[{"type":"f32[N, 4]","operands":["x"],"op":"relu","name":"r"}
        ],"input":{"mean":[],"type":"f32[N, 4]","name":"\u0078"},"name":"n","level":"graph"})"),
      diagnostics);
  REQUIRE_MESSAGE(shuffled.has_value(), diagnostics.render());
  CHECK(print(*shuffled, sources) == "graph \"n\" {\n  input %x : f32[N, 4]\n  %r = relu(%x) : f32[N, 4]\n  output \"y\" %r\n}\n");
}

TEST_CASE("padding in JSON is rows and columns, or four sides where those of an axis differ") {
  const auto read = [](std::string_view pad) {
    Sources sources;
    Diagnostics diagnostics(sources);
    const auto ir = graph::parse_json(sources.add("net.json", replaced(graph_json(), "\"pad\": [0, 0, 1, 1]", pad)), diagnostics);
    REQUIRE_MESSAGE(ir.has_value(), diagnostics.render());
    return to_json(*ir, sources);
  };
  CHECK(read("\"pad\": [0, 0, 1, 1]") == graph_json());
  CHECK(read("\"pad\": [1, 1]") == replaced(graph_json(), "[0, 0, 1, 1]", "[1, 1]"));
  CHECK(read("\"pad\": [1, 1, 1, 1]") == read("\"pad\": [1, 1]"));
  for (std::string_view wrong : {"[0, 0, 1]", "[1]", "1", "[]", "[0, 0, 1, 1, 1]"}) {
    const std::string error = rendered(graph::parse_json, replaced(graph_json(), "[0, 0, 1, 1]", wrong));
    CHECK_MESSAGE(error.find("expected [rows, columns] or [top, left, bottom, right], as in [1, 1]") != std::string::npos, error);
  }
  const std::string cut = json_of(graph::parse, R"(graph "n" {
  input %x : f32[N, 4, 5, 6]
  %p = pad(%x) pad=-1x0x2x-3 : f32[N, 4, 6, 3]
  %q = pad(%p) pad=-1x-1 : f32[N, 4, 4, 1]
  output "y" %q
}
)");
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto ir = graph::parse_json(sources.add("cut.json", cut), diagnostics);
  REQUIRE_MESSAGE(ir.has_value(), diagnostics.render());
  CHECK(to_json(*ir, sources) == cut);
}

TEST_CASE("mistakes in JSON are shown where they stand") {
  CHECK(rendered(program::parse_json, replaced(program_json(), R"("halo": [1, 1])", R"("halo": 1)")) ==
        R"(net.json:36:15: error: expected [rows, columns], as in [3, 3]
   36 |       "halo": 1,
      |               ^
)");
  CHECK(rendered(program::parse_json, replaced(program_json(), "\"vectors\": 2", "\"vector\": 2")) ==
        R"(net.json:161:9: error: unknown field 'vector'; did you mean 'vectors'?
  161 |         "vector": 2,
      |         ^~~~~~~~
)");
  CHECK(rendered(graph::parse_json, replaced(graph_json(), "f32[N, 16, 8, 8]", "f32[N, 16, 0, 8]")) ==
        R"(net.json:36:27: error: expected an integer between 1 and 268435456
   36 |       "type": "f32[N, 16, 0, 8]",
      |                           ^
)");
  CHECK(rendered(graph::parse_json, replaced(graph_json(), "\"name\": \"net\",", "\"name\": \"net\"")) ==
        R"(net.json:4:3: error: expected ',' or '}'
    4 |   "input": {
      |   ^
)");
  CHECK(rendered(program::parse_json, replaced(program_json(), "\"pixels\": 4", "\"pixels\": 99")).find(" |       \"schedule\": {\n") !=
        std::string::npos);
  CHECK(rendered(topology::parse_json, replaced(topology_json(), "\"max_pool\"", "\"max_pol\"")) ==
        R"(net.json:231:13: error: unknown operation 'max_pol'; did you mean 'max_pool'?
  231 |       "op": "max_pol",
      |             ^~~~~~~~~
)");
}

TEST_CASE("what is wrong with JSON is said in the text forms' words") {
  const auto in_graph = [](std::string_view from, std::string_view to) {
    return first_error(graph::parse_json, replaced(graph_json(), from, to));
  };
  CHECK(in_graph("", "") == "read");
  CHECK(in_graph("\"name\": \"pool\"", "\"name\": \"add\"") == "'add' is defined twice");
  CHECK(in_graph("[\"affine\", ", "[\"affin\", ") == "'affin' is not defined before its use");
  CHECK(in_graph("\"step\": \"bias\"", "\"step\": \"tilt\"") ==
        fmt::format("unknown step of an epilogue 'tilt'; known are {}", names_of(graph::all_steps())));
  CHECK(in_graph("\"operands\": [\"image\"]", "\"operands\": \"image\"") == "expected an array");
  CHECK(in_graph("scale_rows(", "scale_cows(") == "in this recipe, at offset 0: unknown recipe 'scale_cows'; did you mean 'scale_rows'?");
  CHECK(in_graph("f32[N, 16, 8, 8]", "f32[N,16,8,8]") == "this type is written \"f32[N, 16, 8, 8]\"");
  CHECK(in_graph("net.rn:3:3+5", "net.rn:3:3") == "expected a place, as in \"net.rn:8:3+5\" (file, line, column, length)");
  CHECK(in_graph("\"eps\": 0.001", "\"eps\": 1e999") == "expected a finite number");
  CHECK(in_graph("\"channels\": 16", "\"channels\": 1.5") == "expected an integer between 0 and 268435456");
  CHECK(in_graph("\"channels\": 16", "\"channels\": -1") == "expected an integer between 0 and 268435456");
  CHECK(in_graph("\"channels\": 16", "\"channels\": 17") ==
        "this IR is not valid: conv2d 'conv1': its type is f32[N, 16, 8, 8] where the operation makes f32[N, 17, 8, 8]");
  CHECK(in_graph("\"level\": \"graph\"", "\"level\": \"program\"") == "expected the level 'graph'");
  CHECK(in_graph("  \"level\": \"graph\",\n", "") == "the field 'level' is missing");
  CHECK(in_graph("\"name\": \"net\",", "\"name\": \"net\", \"name\": \"net\",") == "the field 'name' stands here twice");
  CHECK(in_graph("\"name\": \"net\",", "\"name\": \"net\", \"\\u001b[31m\": 1,") == "unknown field '\\x1b[31m'");
  CHECK(in_graph("\"constants\": {\n        \"scale\"", "\"constant\": {\n        \"scale\"") ==
        "unknown field 'constant'; did you mean 'constants'?");

  const auto in_topology = [](std::string_view from, std::string_view to) {
    return first_error(topology::parse_json, replaced(topology_json(), from, to));
  };
  CHECK(in_topology("\"input\": \"layer1.0.gate\"", "\"input\": \"bn1\"") == "this is not the value that stands here");
  // The name of another function is no misspelling, so no layer is proposed.
  std::vector<std::string_view> names;
  for (const OpInfo& op : all_ops()) {
    if (!op.layer.empty()) names.push_back(op.name);
  }
  const std::string known = fmt::format("; known are {}", fmt::join(names, ", "));
  for (const char* other : {"min_pool", "global_sum_pool", "celu", "CELU"}) {
    CHECK(in_topology("\"op\": \"max_pool\"", fmt::format("\"op\": \"{}\"", other)) ==
          fmt::format("unknown operation '{}'{}", other, known));
  }
  CHECK(in_topology("\"kind\": \"stage\"", "\"kind\": \"group\"") ==
        "unknown kind of node 'group'; known are layer, skip, concat, gate, from, block, stage");
  CHECK(in_topology("\"name\": \"b.skip\",\n      \"kind\": \"from\"", "\"name\": \"b\",\n      \"kind\": \"from\"") ==
        "'b' is not defined before its use");
  CHECK(in_topology("\"block_kind\": \"plain\"", "\"block_kind\": \"flat\"") ==
        "unknown kind of block 'flat'; known are plain, identity, conv");
  CHECK(in_topology("\"bias\": true", "\"bias\": 1") == "expected true or false");
  CHECK(in_topology("\"kind\": \"gate\"", "\"kind\": \"layer\"") == "the field 'op' is missing");

  const auto in_program = [](std::string_view from, std::string_view to) {
    return first_error(program::parse_json, replaced(program_json(), from, to));
  };
  CHECK(in_program("\"elements\": 432", "\"elements\": 431") == "the size is not that of the recipe's result");
  CHECK(in_program("\"weight\": 2", "\"weight\": 5") == "there is no constant 5: the program has 0 to 4");
  CHECK(in_program("\"kind\": \"store\"", "\"kind\": \"stare\"") == "unknown kind of kernel 'stare'; did you mean 'store'?");
  std::vector<std::string_view> schedules;
  for (const program::Schedule& schedule : program::default_schedules()) schedules.push_back(program::name_of(schedule));
  CHECK(in_program("\"algorithm\": \"direct\"", "\"algorithm\": \"fast\"") ==
        fmt::format("unknown algorithm 'fast'; known are {}", fmt::join(schedules, ", ")));
  CHECK(in_program("\"output\": 1,\n", "") == "the field 'output' is missing");
  CHECK(in_program("\"pixels\": 4", "\"pixels\": 99") ==
        "this IR is not valid: kernel 'conv1': a tile of 1 vectors by 99 pixels is out of range: vectors are 1 to 8, their product with "
        "pixels 1 "
        "to 64");
}

TEST_CASE("what is no JSON is refused where it goes wrong, however deep or long") {
  const auto error = [](std::string text) {
    Sources sources;
    Diagnostics diagnostics(sources);
    CHECK(!graph::parse_json(sources.add("net.json", std::move(text)), diagnostics));
    REQUIRE(diagnostics.error_count() == 1);
    return fmt::format("{}:{} {}", diagnostics.all()[0].at.line, diagnostics.all()[0].at.column, diagnostics.all()[0].text);
  };
  CHECK(error("") == "1:1 the JSON text ends where a value should stand");
  CHECK(error("{\n") == "2:1 expected a field's name in double quotes");
  CHECK(error("{\"a\"}") == "1:5 expected ':'");
  CHECK(error("{\"a\": tru}") == "1:7 expected a JSON value");
  CHECK(error("{\"a\": [1,]}") == "1:10 expected a JSON value");
  CHECK(error("{\"a\": [1 2]}") == "1:10 expected ',' or ']'");
  CHECK(error("{\"a\": 1,}") == "1:9 expected a field's name in double quotes");
  CHECK(error("{\"a\": \"x\n\"}") == "1:7 a string without its closing quote");
  CHECK(error("{\"a\": \"\\q\"}") == "1:7 a string with a character or an escape that JSON does not have");
  CHECK(error("{\"a\": \"\xff\"}") == "1:7 a string with a character or an escape that JSON does not have");
  CHECK(error("{} x") == "1:4 text after the end of the JSON value");
  CHECK(error("[]") == "1:1 expected an object");
  CHECK(error(std::string(1 << 20, '[')) == "1:1025 nested too deeply");
  // This is nested too deeply for a topology, but not for JSON.
  std::string deep = R"({"level": "topology", "name": "n", "input": {"name": "x", "value": "x", "type": "f32[N, 1]"}, "body": [)";
  for (int i = 0; i < 300; ++i) deep += R"({"name": "s", "kind": "stage", "body": [)";
  for (int i = 0; i < 300; ++i) deep += "]}";
  CHECK(first_error(topology::parse_json, deep + R"(], "outputs": [{"name": "y", "value": "x"}]})") == "nested too deeply");
}

TEST_CASE("any cut of JSON is an error, not a crash") {
  const auto check = [](auto parse, const std::string& json) {
    for (size_t length = 0; length + 2 < json.size(); length += 29) CHECK(first_error(parse, json.substr(0, length)) != "read");
  };
  check(topology::parse_json, topology_json());
  check(graph::parse_json, graph_json());
  check(program::parse_json, program_json());
}

TEST_CASE("every network reads back from both forms after every pass") {
  const std::filesystem::path networks = std::filesystem::path(RESNETC_SOURCE_DIR) / "networks";
  std::set<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(networks)) {
    const bool blocks = entry.path().parent_path().filename() == "blocks";
    if (entry.path().extension() == ".rn" && !blocks) paths.insert(entry.path().string());
  }
  CHECK(paths.size() >= 48);
  size_t count = 0, on_gpu = 0;
  for (const std::string& path : paths) {
    CAPTURE(path);
    Sources sources;
    Diagnostics diagnostics(sources);
    FrontendOptions options;
    options.installed_dirs = {networks.string()};
    const auto network = load_network(path, options, diagnostics);
    REQUIRE_MESSAGE(network.has_value(), diagnostics.render());
    passes::PipelineContext context;
    context.diagnostics = &diagnostics;
    context.after_pass = [&](const passes::PassRun& run) {
      INFO("after ", std::string(run.pass.name));
      if (run.changed) std::visit([&](const auto& level) { check_forms(level, sources); }, run.ir);
    };
    check_forms(*network, sources);
    const auto compiles = [&](std::string_view target) {
      context.target = find_target(target);
      passes::AnyIr ir = *network;
      return passes::run_pipeline(ir, passes::Level::program, context);
    };
    if (++count % 3 == 0) {
      if (compiles("cuda") && ++on_gpu) continue;
      CHECK(diagnostics.render().find("; compile the network for processors\n") != std::string::npos);  // a layer that GPUs lack
    }
    REQUIRE(compiles("avx2"));
  }
  CHECK(on_gpu >= 12);
}

TEST_CASE("docs/schema has the schemas of the JSON forms") {
  const std::pair<std::string, std::string> schemas[] = {
      {"topology", topology::json_schema()}, {"graph", graph::json_schema()}, {"program", program::json_schema()}};
  for (const auto& [level, schema] : schemas) {
    const std::string path = fmt::format("{}/docs/schema/{}.schema.json", RESNETC_SOURCE_DIR, level);
    CAPTURE(path);
    if (std::getenv("UPDATE_GOLDENS") != nullptr) std::ofstream(path, std::ios::binary) << schema;
    std::ifstream in(path, std::ios::binary);
    const std::string published(std::istreambuf_iterator<char>(in), {});
    CHECK(published == schema);
  }
}
