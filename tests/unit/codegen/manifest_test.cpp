/// \file The manifest, the header and the weights file.
#include <doctest/doctest.h>

#include <cstring>

#include "codegen/host.h"
#include "codegen/interface.h"
#include "codegen/library.h"
#include "codegen/weights/weights_file.h"
#include "runtime/runtime.h"
#include "tests/unit/codegen/test_program.h"
#include "tests/unit/ir/samples.h"

using namespace resnetc;
using namespace resnetc::codegen;
using ir_test::replaced;

namespace {

std::string manifest_of_tiny() {
  const program::Program program = lib_test::make_program("tiny net", host_target());
  LibraryOptions options;
  options.name = "tiny";
  return manifest(std::span(&program, 1), options);
}

std::string why_not(const std::string& json) {
  const Result<LibraryFacts> facts = parse_manifest(json);
  REQUIRE_FALSE(facts);
  return facts.failure().text;
}

}  // namespace

TEST_CASE("a manifest says what the library is") {
  const Result<LibraryFacts> facts = parse_manifest(manifest_of_tiny());
  REQUIRE_MESSAGE(facts, facts.failure().text);
  CHECK(facts->name == "tiny");
  CHECK(facts->network == "tiny net");
  CHECK(facts->input.name == "image");
  CHECK(facts->input.dims == std::vector<int64_t>{3, 5, 7});
  CHECK(facts->input.element == ElementType::f32);
  REQUIRE(facts->outputs.size() == 1);
  CHECK(facts->outputs[0].picture_bytes == 3 * 5 * 7 * 4);
  REQUIRE(facts->constants.size() == 1);
  CHECK(to_string(*facts->constants[0].recipe) == "pack_vector(tensor(\"bn.bias\", [3]))");
  REQUIRE(facts->targets.size() == 1);
  CHECK(facts->targets[0].name == host_target()->name);
  REQUIRE(facts->targets[0].kernels.size() == 3);
  CHECK(facts->targets[0].kernels[1].kind == "copy");
  CHECK(facts->weights_bytes == 64);
  CHECK(facts->content_hash == 0);

  // pack, which has only the manifest, makes the same file as the compiler.
  const lib_test::Weights weights(4);
  const auto from_facts = pack_weights(facts->constants, facts->name, weights);
  const auto direct = pack_weights(lib_test::make_program("tiny").constants, "tiny", weights);
  REQUIRE(from_facts);
  CHECK(*from_facts == *direct);
}

TEST_CASE("a manifest names the CPU of a program that has one") {
  program::Program program = lib_test::make_program("tiny");
  program.machine = "znver4";
  LibraryOptions options;
  options.name = "tiny";
  const std::string json = manifest(std::span(&program, 1), options);
  const auto facts = parse_manifest(json);
  REQUIRE(facts);
  CHECK(facts->targets[0].machine == "znver4");
  CHECK(facts->targets[0].label() == program::label(program));
  CHECK(why_not(replaced(json, "\"cpu\": \"znver4\"", "\"cpu\": \"a:b\"")).starts_with("bad manifest: 'cpu': a machine's name is"));
  CHECK(why_not(replaced(json, "\"cpu\": \"znver4\"", "\"cpu\": 4")).starts_with("bad manifest: 'cpu'"));
  CHECK(manifest_of_tiny().find("\"cpu\"") == std::string::npos);
}

TEST_CASE("a lying manifest is an error") {
  const std::string good = manifest_of_tiny();
  CHECK(why_not("[]") == "bad manifest: not an object");
  CHECK(why_not("{}") == "bad manifest: 'manifest_version' is missing or not a size");
  CHECK(why_not(std::string(100000, '[')) == "bad manifest: nested too deep");
  CHECK(why_not(good.substr(0, good.size() / 2)).starts_with("bad manifest: "));
  CHECK(why_not(replaced(good, "\"manifest_version\": 1", "\"manifest_version\": 2")) ==
        "bad manifest: of another format version; 'resnetc compile' makes the library anew");
  CHECK(why_not(replaced(good, "\"abi_version\": 5", "\"abi_version\": 9")) ==
        "bad manifest: of another version of the libraries' interface; 'resnetc compile' makes the library anew");
  CHECK(why_not(replaced(good, "\"name\": \"tiny\"", "\"name\": \"a b\"")) == "bad manifest: 'name' is not a C identifier");
  CHECK(why_not(replaced(good, "\"picture_bytes\": 420", "\"picture_bytes\": 421")) ==
        "bad manifest: 'picture_bytes' does not fit the shape");
  const auto with_means = [&](const std::string& means) {
    return why_not(replaced(good, "\"picture_bytes\": 420", "\"picture_bytes\": 420, \"mean\": [" + means + "]"));
  };
  CHECK(with_means("0, 0") == "bad manifest: 'mean' has 2 numbers for 7 channels");
  std::string many = "0";
  for (int i = 0; i < 256; ++i) many += ", 0";
  CHECK(with_means(many) == "bad manifest: 'mean' has more than 256 numbers");
  CHECK(why_not(replaced(good, "\"offset\": 0", "\"offset\": 64")) == "bad manifest: the constants do not fill the weights");
  CHECK(why_not(replaced(good, "\"bn.bias\\\", [3]", "\"bn.bias\\\", [33]")) == "bad manifest: a constant's size is not its recipe's");
  CHECK(why_not(replaced(good, "\\\"bn.bias", "\\\"bn.bia")) == "bad manifest: 'recipe_hash' does not fit the constants");
  CHECK(why_not(replaced(good, "pack_vector(", "pack_victor(")).starts_with("bad manifest: a recipe: "));
}

TEST_CASE("a manifest is read only from libraries that have one") {
  TempDir folder;
  const auto error = [&](const std::string& path) {
    Sources sources;
    Diagnostics diagnostics(sources);
    CHECK_FALSE(read_manifest(path, diagnostics));
    return diagnostics.render();
  };
  const std::string text = folder.path() + "/text.so";
  lib_test::write_bytes(text, "no library");
  CHECK(error(text) == text + ": error: is not a library\n");
  lib_test::write_bytes(text, "# IR\ngraph \"g\" {");
  CHECK(error(text) == text + ": error: this is a graph (IR), not a library; 'resnetc compile' and 'resnetc opt' read it\n");
  CHECK(error(folder.path() + "/none.so") == "resnetc: error: cannot read '" + folder.path() + "/none.so': there is no such file\n");
  CHECK(error(folder.path()) == "resnetc: error: cannot read '" + folder.path() + "': it is a directory\n");

  const program::Program program = lib_test::make_program("tiny net", host_target());
  LibraryOptions options;
  options.name = "tiny";
  options.output_dir = folder.path();
  REQUIRE(write_library(std::span(&program, 1), options));
  Sources sources;
  Diagnostics diagnostics(sources);
  CHECK(read_manifest(folder.path() + "/libtiny.so", diagnostics) == manifest_of_tiny());
  // A manifest that is cut anywhere may be refused, but only with a reason.
  const std::string whole = lib_test::read_bytes(folder.path() + "/libtiny.so");
  for (size_t cut = 0; cut < whole.size(); cut += 97) {
    lib_test::write_bytes(text, whole.substr(0, cut));
    Diagnostics ignored(sources);
    read_manifest(text, ignored);
  }
}

TEST_CASE("a weights file has the header that the runtime checks") {
  const lib_test::Weights weights(4);
  const program::Program program = lib_test::make_program("tiny");
  const auto file = pack_weights(program.constants, "tiny", weights);
  REQUIRE(file);
  CHECK(file->size() == RN_WEIGHTS_ALIGN + 64);
  rn_weights_header head;
  std::memcpy(&head, file->data(), sizeof head);
  CHECK(std::memcmp(head.magic, RN_WEIGHTS_MAGIC, 8) == 0);
  CHECK(head.data_bytes == 64);
  CHECK(head.recipe_hash == recipe_hash(program.constants));
  CHECK(head.content_hash == content_hash(*file));
  float bias[16];
  std::memcpy(bias, file->data() + RN_WEIGHTS_ALIGN, sizeof bias);
  CHECK(bias[0] == -4);
  CHECK(bias[2] == 4);
  CHECK(bias[3] == 0);
}

TEST_CASE("names of the C interface") {
  program::Program program = lib_test::make_program("tiny");
  program.outputs = {{"float", program.input.type}, {"a-b", TensorType::vector(4)}, {"a_b", program.input.type},
                     {"image", program.input.type}, {"9", program.input.type},      {"x_bytes", program.input.type},
                     {"x", program.input.type}};
  const Interface names = interface_of(program, "net");
  std::vector<std::string> c_names;
  for (const Port& port : names.outputs) c_names.push_back(port.c_name);
  CHECK(c_names == std::vector<std::string>{"float_", "a_b", "a_b_2", "image_2", "_9_", "x_bytes", "x_2"});
}

TEST_CASE("names that belong to C, to the system or to the runtime") {
  program::Program program = lib_test::make_program("tiny");
  program.outputs.clear();
  for (const char* name : {"INT32_MAX", "_Bool", "__func__", "I", "complex", "y_MAX"})
    program.outputs.push_back({name, program.input.type});
  std::vector<std::string> c_names;
  for (const Port& port : interface_of(program, "net").outputs) c_names.push_back(port.c_name);
  CHECK(c_names == std::vector<std::string>{"INT32_MAX_", "_Bool_", "__func___", "I_", "complex_", "y_MAX"});

  for (const char* good : {"resnet18", "rnn", "int", "M", "halides", "_net"}) CHECK(name_fault(good).empty());
  CHECK(name_fault("a b") == "'a b' is not a C identifier");
  CHECK(name_fault("rn") == "names that begin with 'rn' are resnetc's own");
  CHECK(name_fault("rn_pool") == "names that begin with 'rn' are resnetc's own");
  CHECK(name_fault("halide_x") == "names that begin with 'halide' are resnetc's own");
  for (const char* taken : {"m", "pthread", "string", "timer", "features", "sched", "poll", "regex", "endian", "stdbit"})
    CHECK(name_fault(taken).ends_with("of the C system"));
}

TEST_CASE("the header compiles as strict C89 and as C++") {
  TempDir folder;
  program::Program program = lib_test::make_program(
      "bad */ name ?"
      "?/");
  program.outputs.push_back({"class", TensorType::vector(9)});
  lib_test::write_bytes(folder.path() + "/planar.h", header(program, "planar", false));
  program.input.type.element = ElementType::u8;
  program.input.order = DimensionOrder::channels_last;
  program.input.mean = {0.485, 0.456, 0.406};
  program.input.std = {0.229, 0.224, 0.225};
  const std::string packed = header(program, "packed", true);
  CHECK(packed.find("mean = (0.485, 0.456, 0.406)") != std::string::npos);
  program.input.mean.clear();
  CHECK(header(program, "packed", true).find("mean = 0,\n") != std::string::npos);
  CHECK(packed.find("u8[batch, 5, 7, 3]") != std::string::npos);
  CHECK(packed.find("const uint8_t *image, size_t image_bytes,") != std::string::npos);
  CHECK(packed.find("packed_run_device") != std::string::npos);
  lib_test::write_bytes(folder.path() + "/packed.h", packed);
  const std::string source =
      "#include \"packed.h\"\n#include \"packed.h\"\n#include \"planar.h\"\n"
      "int use(void);\nint use(void) { planar_options o = PLANAR_OPTIONS_INIT; return o.max_batch + (int)PACKED_OK + PACKED_ABI_VERSION; "
      "}\n";
  lib_test::write_bytes(folder.path() + "/use.c", source);
  lib_test::write_bytes(folder.path() + "/use.cpp", source);
  const std::string flags = " -pedantic -Wall -Wextra -Werror -fsyntax-only '" + folder.path() + "/";
  CHECK(std::system(("clang-22 -std=c89" + flags + "use.c'").c_str()) == 0);
  CHECK(std::system(("clang++-22 -std=c++11" + flags + "use.cpp'").c_str()) == 0);
}

TEST_CASE("the generated header's structures are the runtime's") {
  TempDir folder;
  lib_test::write_bytes(folder.path() + "/net.h", header(lib_test::make_program("net"), "net", true));
  std::string source =
      "#include \"net.h\"\n#include \"runtime/runtime.h\"\n#define SAME(t, f) _Static_assert(offsetof(net_##t, f) == offsetof(rn_##t, f), "
      "#f)\n";
  for (const char* field : {"size", "max_batch", "threads", "parallel_for", "parallel_for_data", "target", "verify_contents", "device",
                            "device_context", "keep_denormals", "copy_weights"}) {
    source += std::string("SAME(options, ") + field + ");\n";
  }
  for (const char* field : {"name", "seconds", "data", "kernel", "kernel_count", "picture", "batch", "channels", "height", "width",
                            "stride_batch", "stride_channel", "stride_y", "stride_x", "integers", "scale", "zero"}) {
    source += std::string("SAME(observation, ") + field + ");\n";
  }
  for (const char* status : {"OK",
                             "BAD_ARGUMENT",
                             "BAD_INPUT_SIZE",
                             "BAD_OUTPUT_SIZE",
                             "BATCH_TOO_LARGE",
                             "WEIGHTS_MISSING",
                             "WEIGHTS_MISALIGNED",
                             "WEIGHTS_MAGIC_WRONG",
                             "WEIGHTS_VERSION_WRONG",
                             "WEIGHTS_NETWORK_WRONG",
                             "WEIGHTS_SIZE_WRONG",
                             "WEIGHTS_VALUES_WRONG",
                             "WEIGHTS_CORRUPT",
                             "NO_TARGET",
                             "UNKNOWN_TARGET",
                             "OUT_OF_MEMORY",
                             "THREAD_FAILED",
                             "KERNEL_FAILED",
                             "NO_DRIVER",
                             "NO_DEVICE",
                             "DEVICE_TOO_OLD",
                             "OUT_OF_DEVICE_MEMORY",
                             "DEVICE_FAILED",
                             "NOT_ON_DEVICE",
                             "AFTER_FORK"}) {
    source += std::string("_Static_assert((int)NET_") + status + " == (int)RN_" + status + ", \"" + status + "\");\n";
  }
  source += "_Static_assert(sizeof(net_options) == sizeof(rn_options) && sizeof(net_observation) == sizeof(rn_observation), \"sizes\");\n";
  lib_test::write_bytes(folder.path() + "/same.c", source);
  CHECK(std::system(("clang-22 -std=c11 -fsyntax-only -I" RESNETC_SOURCE_DIR " '" + folder.path() + "/same.c'").c_str()) == 0);
}
