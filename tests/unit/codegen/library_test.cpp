/// \file Whole libraries of a hand-made program: written, read back, loaded and run.
#include <dlfcn.h>
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <thread>

#include "codegen/entry.h"
#include "codegen/host.h"
#include "codegen/interface.h"
#include "codegen/link.h"
#include "runtime/runtime.h"
#include "tests/unit/codegen/test_program.h"

using namespace resnetc;
using namespace resnetc::codegen;

namespace {

const Target& target() {
  const Target* host = host_target();
  REQUIRE(host != nullptr);
  return *host;
}

/// Writes a library of the hand-made program under `name`.
std::vector<std::string> write(const std::string& folder, const std::string& name, const WeightSource* weights,
                               const std::function<void(LibraryOptions&)>& change = {}) {
  const program::Program program = lib_test::make_program("tiny", &target());
  LibraryOptions options;
  options.output_dir = folder;
  options.name = name;
  options.weights = weights;
  if (change) change(options);
  Result<std::vector<std::string>> paths = write_library(std::span(&program, 1), options);
  REQUIRE_MESSAGE(paths, paths.failure().text);
  return *paths;
}

/// A library in this process, through its C functions.
struct Loaded {
  explicit Loaded(const std::string& path, const std::string& prefix) : handle(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)), name(prefix) {
    REQUIRE_MESSAGE(handle != nullptr, dlerror());
  }
  ~Loaded() { dlclose(handle); }
  template <typename Function>
  Function* get(const std::string& suffix) const {
    void* symbol = dlsym(handle, (name + "_" + suffix).c_str());
    REQUIRE(symbol != nullptr);
    return reinterpret_cast<Function*>(symbol);
  }
  int32_t create(const void* weights, size_t bytes, const rn_options* options, rn_context** context) const {
    return get<int32_t(const void*, size_t, const rn_options*, rn_context**)>("create")(weights, bytes, options, context);
  }
  int32_t run(rn_context* context, const float* in, size_t in_bytes, float* out, size_t out_bytes, int32_t batch) const {
    return get<int32_t(rn_context*, const float*, size_t, float*, size_t, int32_t)>("run")(context, in, in_bytes, out, out_bytes, batch);
  }
  void destroy(rn_context* context) const { get<void(rn_context*)>("destroy")(context); }

  void* handle;
  std::string name;
};

/// A weights file at an address that the library takes.
struct AlignedBytes {
  explicit AlignedBytes(const std::string& bytes)
      : size(bytes.size()), data(static_cast<char*>(std::aligned_alloc(64, (size + 127) / 64 * 64))) {
    std::memcpy(data, bytes.data(), size);
  }
  ~AlignedBytes() { std::free(data); }
  size_t size;
  char* data;
};

rn_options make_options(int32_t max_batch, int32_t threads) {
  rn_options options{};
  options.size = sizeof options;
  options.max_batch = max_batch;
  options.threads = threads;
  return options;
}

std::vector<float> picture(int32_t batch) {
  std::vector<float> values(static_cast<size_t>(lib_test::elements * batch));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 23) - 11.0f;
  return values;
}

/// Runs one batch and counts wrong elements.
int wrong(const Loaded& library, rn_context* context, int32_t batch, double scale) {
  const std::vector<float> in = picture(batch);
  std::vector<float> out(in.size(), -1);
  const size_t bytes = in.size() * sizeof(float);
  if (library.run(context, in.data(), bytes, out.data(), bytes, batch) != RN_OK) return -1;
  int count = 0;
  for (size_t i = 0; i < in.size(); ++i) {
    const int64_t c = static_cast<int64_t>(i) / (lib_test::height * lib_test::width) % lib_test::channels;
    count += out[i] != lib_test::expected(in[i], c, scale);
  }
  return count;
}

}  // namespace

TEST_CASE("the tables have the layout of runtime/model.h") {
  CHECK(check_table_layout(target().architecture).value_or("equal") == "equal");
}

TEST_CASE("a library is written, loaded and run") {
  TempDir folder;
  const lib_test::Weights weights(4);
  const auto paths = write(folder.path(), "tiny", &weights);
  const std::vector<std::string> files = {"libtiny.so", "libtiny.a", "tiny.h", "tiny.weights", "tiny.json"};
  REQUIRE(paths.size() == files.size());
  for (size_t i = 0; i < files.size(); ++i) CHECK(paths[i] == folder.path() + "/" + files[i]);

  const Loaded library(paths[0], "tiny");
  const AlignedBytes file(lib_test::read_bytes(paths[3]));
  CHECK(library.get<uint32_t()>("abi_version")() == RN_ABI_VERSION);
  CHECK(library.get<size_t()>("input_bytes")() == lib_test::elements * 4);
  CHECK(library.get<size_t()>("output_bytes_result")() == lib_test::elements * 4);
  CHECK(library.get<const char*()>("targets")() == target().name);
  CHECK(library.get<const char*()>("manifest")() == lib_test::read_bytes(paths[4]));
  const int64_t arena = lib_test::make_program("tiny", &target()).arena_bytes;
  CHECK(static_cast<int64_t>(library.get<size_t(int32_t)>("arena_bytes")(3)) == 3 * arena);
  CHECK(library.get<size_t(int32_t)>("arena_bytes")(-1) == 0);

  for (int32_t threads : {1, 2, 5}) {
    rn_context* context = nullptr;
    const rn_options options = make_options(8, threads);
    REQUIRE(library.create(file.data, file.size, &options, &context) == RN_OK);
    CHECK(library.get<const char*(const rn_context*)>("selected_target")(context) == target().name);
    CHECK(library.get<int32_t(const rn_context*)>("thread_count")(context) == threads);
    for (int32_t batch : {1, 3, 8, 2}) CHECK(wrong(library, context, batch, 4) == 0);
    library.destroy(context);
  }
}

TEST_CASE("every mistake of the caller is a status") {
  TempDir folder;
  const lib_test::Weights weights(4);
  const auto paths = write(folder.path(), "tiny", &weights);
  const Loaded library(paths[0], "tiny");
  const std::string bytes = lib_test::read_bytes(paths[3]);
  const AlignedBytes file(bytes);
  rn_context* context = nullptr;

  rn_options options = make_options(2, 1);
  CHECK(library.create(file.data, file.size, &options, nullptr) == RN_BAD_ARGUMENT);
  options.size = 3;
  CHECK(library.create(file.data, file.size, &options, &context) == RN_BAD_ARGUMENT);
  options.size = sizeof options + 8;
  CHECK(library.create(file.data, file.size, &options, &context) == RN_BAD_ARGUMENT);
  options = make_options(-1, 1);
  CHECK(library.create(file.data, file.size, &options, &context) == RN_BAD_ARGUMENT);
  options = make_options(1, -1);
  CHECK(library.create(file.data, file.size, &options, &context) == RN_BAD_ARGUMENT);
  options = make_options(1, RN_MAX_THREADS + 1);
  CHECK(library.create(file.data, file.size, &options, &context) == RN_BAD_ARGUMENT);
  options = make_options(INT32_MAX, 1);
  CHECK(library.create(file.data, file.size, &options, &context) == RN_BATCH_TOO_LARGE);
  options = make_options(1, 1);
  options.target = "itanium";
  CHECK(library.create(file.data, file.size, &options, &context) == RN_UNKNOWN_TARGET);

  const auto create_with = [&](const std::function<void(std::string&)>& change, int32_t verify = 0) {
    std::string changed = bytes;
    change(changed);
    const AlignedBytes copy(changed);
    rn_options o = make_options(1, 1);
    o.verify_contents = verify;
    const int32_t status = library.create(copy.data, copy.size, &o, &context);
    if (status == RN_OK) library.destroy(context);
    return status;
  };
  const auto flip = [](size_t offset) { return [offset](std::string& b) { b[offset] = static_cast<char>(b[offset] ^ 1); }; };
  CHECK(create_with([](std::string&) {}, 1) == RN_OK);
  CHECK(library.create(nullptr, 0, nullptr, &context) == RN_WEIGHTS_MISSING);
  CHECK(library.create(file.data, 0, nullptr, &context) == RN_WEIGHTS_MISSING);
  CHECK(library.create(file.data + 4, file.size - 4, nullptr, &context) == RN_WEIGHTS_MAGIC_WRONG);
  CHECK(create_with(flip(offsetof(rn_weights_header, magic))) == RN_WEIGHTS_MAGIC_WRONG);
  CHECK(create_with(flip(offsetof(rn_weights_header, version))) == RN_WEIGHTS_VERSION_WRONG);
  CHECK(create_with(flip(offsetof(rn_weights_header, recipe_hash))) == RN_WEIGHTS_NETWORK_WRONG);
  CHECK(create_with(flip(offsetof(rn_weights_header, data_bytes))) == RN_WEIGHTS_SIZE_WRONG);
  CHECK(create_with(flip(offsetof(rn_weights_header, header_bytes))) == RN_WEIGHTS_SIZE_WRONG);
  CHECK(create_with([](std::string& b) { b.pop_back(); }) == RN_WEIGHTS_SIZE_WRONG);
  CHECK(create_with([](std::string& b) { b += '\0'; }) == RN_WEIGHTS_SIZE_WRONG);
  CHECK(create_with([](std::string& b) { b.resize(20); }) == RN_WEIGHTS_SIZE_WRONG);
  CHECK(create_with(flip(RN_WEIGHTS_ALIGN + 5)) == RN_OK);
  CHECK(create_with(flip(RN_WEIGHTS_ALIGN + 5), 1) == RN_WEIGHTS_CORRUPT);
  const AlignedBytes shifted(std::string(4, '\0') + bytes);
  CHECK(library.create(shifted.data + 4, bytes.size(), nullptr, &context) == RN_WEIGHTS_MISALIGNED);
  CHECK(context == nullptr);

  setenv("RESNETC_TARGET", "itanium", 1);
  CHECK(library.create(file.data, file.size, nullptr, &context) == RN_UNKNOWN_TARGET);
  setenv("RESNETC_TARGET", target().name.c_str(), 1);
  CHECK(library.create(file.data, file.size, nullptr, &context) == RN_OK);
  library.destroy(context);
  unsetenv("RESNETC_TARGET");

  options = make_options(2, 1);
  REQUIRE(library.create(file.data, file.size, &options, &context) == RN_OK);
  const std::vector<float> in = picture(3);
  std::vector<float> out(in.size());
  const size_t one = static_cast<size_t>(lib_test::elements) * 4;
  CHECK(library.run(nullptr, in.data(), one, out.data(), one, 1) == RN_BAD_ARGUMENT);
  CHECK(library.run(context, nullptr, one, out.data(), one, 1) == RN_BAD_ARGUMENT);
  CHECK(library.run(context, in.data(), one, nullptr, one, 1) == RN_BAD_ARGUMENT);
  CHECK(library.run(context, in.data(), one, out.data(), one, 0) == RN_BAD_ARGUMENT);
  CHECK(library.run(context, in.data(), one, out.data(), one, -1) == RN_BAD_ARGUMENT);
  CHECK(library.run(context, in.data(), 3 * one, out.data(), 3 * one, 3) == RN_BATCH_TOO_LARGE);
  CHECK(library.run(context, in.data(), one - 4, out.data(), one, 1) == RN_BAD_INPUT_SIZE);
  CHECK(library.run(context, in.data(), one + 4, out.data(), one, 1) == RN_BAD_INPUT_SIZE);
  CHECK(library.run(context, in.data(), 2 * one, out.data(), one, 2) == RN_BAD_OUTPUT_SIZE);
  CHECK(wrong(library, context, 2, 4) == 0);
  library.destroy(context);
  library.destroy(nullptr);

  const auto text = library.get<const char*(int32_t)>("status_string");
  for (int32_t status = 0; status < RN_STATUS_COUNT; ++status) CHECK(std::string(text(status)).size() > 1);
  CHECK(std::string(text(-1)) == "unknown status");
  CHECK(std::string(text(RN_STATUS_COUNT)) == "unknown status");
}

TEST_CASE("a library specialised for weights takes no others") {
  TempDir folder;
  const lib_test::Weights weights(4), others(5);
  const auto special = write(folder.path(), "special", &weights, [](LibraryOptions& o) { o.depends_on_values = true; });
  const auto other = write(folder.path(), "special_other", &others);
  const Loaded library(special[0], "special");
  rn_context* context = nullptr;
  const AlignedBytes good(lib_test::read_bytes(special[3])), bad(lib_test::read_bytes(other[3]));
  CHECK(library.create(bad.data, bad.size, nullptr, &context) == RN_WEIGHTS_VALUES_WRONG);
  REQUIRE(library.create(good.data, good.size, nullptr, &context) == RN_OK);
  library.destroy(context);
}

TEST_CASE("a weights file has no more constants that no tensor backs than one tensor's channels") {
  const auto constants = [](int64_t each) {
    std::vector<program::Constant> made;
    for (double value : {1.0, 2.0, 3.0}) made.push_back({pack_vector(fill(value, {each})), 0});
    for (size_t i = 1; i < made.size(); ++i) made[i].offset = made[i - 1].offset + made[i - 1].bytes();
    return made;
  };
  CHECK(pack_weights(constants(64), "net", lib_test::Weights(1)));
  const Result<std::string> refused = pack_weights(constants(max_elements / 2), "net", lib_test::Weights(1));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().blame == Blame::limit);
  CHECK(refused.failure().text == "constants that come from no tensor have 402653184 elements together, more than 268435456");
}

TEST_CASE("embedded weights need no file") {
  TempDir folder;
  const lib_test::Weights weights(3);
  const auto paths = write(folder.path(), "whole", &weights, [](LibraryOptions& o) { o.embed_weights = true; });
  CHECK(paths.size() == 4);
  CHECK_FALSE(std::filesystem::exists(folder.path() + "/whole.weights"));
  const Loaded library(paths[0], "whole");
  rn_context* context = nullptr;
  rn_options options = make_options(1, 1);
  options.verify_contents = 1;
  REQUIRE(library.create(nullptr, 0, &options, &context) == RN_OK);
  CHECK(wrong(library, context, 1, 3) == 0);
  library.destroy(context);
  options.copy_weights = 1;
  REQUIRE(library.create(nullptr, 0, &options, &context) == RN_OK);
  CHECK(wrong(library, context, 1, 3) == 0);
  library.destroy(context);
}

TEST_CASE("denormal numbers are zero in packed weights and in runs, unless they are kept") {
  const double denormal = 0x1p-140;
  const auto constant_of = [&](double scale, bool keep) {
    const auto file = pack_weights(lib_test::make_program("tiny").constants, "tiny", lib_test::Weights(scale), keep);
    REQUIRE(file);
    std::vector<float> bias(3);
    std::memcpy(bias.data(), file->data() + RN_WEIGHTS_ALIGN, 3 * sizeof(float));
    return bias;
  };
  CHECK(constant_of(denormal, true) == std::vector<float>{-0x1p-140F, 0, 0x1p-140F});
  CHECK(constant_of(denormal, false) == std::vector<float>{0, 0, 0});
  CHECK(std::signbit(constant_of(denormal, false)[0]));
  // A float64 below the least normal float may be normal once it is rounded.
  CHECK(constant_of(0x1.ffffffffp-127, false)[2] == 0x1p-126F);
  CHECK(constant_of(0x1.fffffcp-127, false)[2] == 0);
  CHECK(std::isnan(constant_of(std::numeric_limits<double>::quiet_NaN(), false)[2]));

  TempDir folder;
  const lib_test::Weights weights(denormal);
  const auto paths = write(folder.path(), "tiny", &weights, [](LibraryOptions& o) { o.keep_denormals = true; });
  const Loaded library(paths[0], "tiny");
  const AlignedBytes file(lib_test::read_bytes(paths[3]));
  for (int32_t keep : {0, 1, 2}) {
    for (int32_t threads : {1, 3}) {
      rn_options options = make_options(1, threads);
      options.keep_denormals = keep;
      if (keep == 2)
        options.size = offsetof(rn_options, keep_denormals);  // a caller of an older version, behind whose options anything may lie
      rn_context* context = nullptr;
      REQUIRE(library.create(file.data, file.size, &options, &context) == RN_OK);
      std::vector<float> in(lib_test::elements, 0x1p-139F), out(in.size(), -1);
      REQUIRE(library.run(context, in.data(), in.size() * 4, out.data(), out.size() * 4, 1) == RN_OK);
      CHECK(out.front() == (keep == 1 ? 0x1p-140F : 0));   // 2^-139 - 2^-140
      CHECK(out.back() == (keep == 1 ? 0x1.8p-139F : 0));  // 2^-139 + 2^-140
      library.destroy(context);
    }
  }
}

TEST_CASE("two networks run in one process at the same time") {
  TempDir folder;
  const lib_test::Weights weights[2] = {lib_test::Weights(2), lib_test::Weights(7)};
  const auto first = write(folder.path(), "first", &weights[0]), second = write(folder.path(), "second", &weights[1]);
  const Loaded libraries[2] = {Loaded(first[0], "first"), Loaded(second[0], "second")};
  const AlignedBytes files[2] = {AlignedBytes(lib_test::read_bytes(first[3])), AlignedBytes(lib_test::read_bytes(second[3]))};
  int errors[4] = {};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const Loaded& library = libraries[t % 2];
      rn_context* context = nullptr;
      const rn_options options = make_options(3, 1 + t / 2);
      errors[t] = library.create(files[t % 2].data, files[t % 2].size, &options, &context);
      for (int i = 0; i < 50 && errors[t] == 0; ++i) errors[t] = wrong(library, context, 1 + i % 3, t % 2 == 0 ? 2 : 7);
      library.destroy(context);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int e : errors) CHECK(e == 0);
}

TEST_CASE("an observer sees every kernel's value and changes nothing") {
  TempDir folder;
  const lib_test::Weights weights(4);
  const auto paths = write(folder.path(), "tiny", &weights);
  const Loaded library(paths[0], "tiny");
  const AlignedBytes file(lib_test::read_bytes(paths[3]));
  rn_context* context = nullptr;
  const rn_options options = make_options(2, 2);
  REQUIRE(library.create(file.data, file.size, &options, &context) == RN_OK);
  struct Seen {
    std::vector<std::string> names;
    int bad = 0;
  } seen;
  const auto observe = [](void* data, const rn_observation* o) {
    Seen& s = *static_cast<Seen*>(data);
    s.names.emplace_back(o->name);
    s.bad += o->channels != lib_test::channels || o->height != lib_test::height || o->width != lib_test::width || o->batch != 2;
    s.bad += o->kernel != static_cast<int32_t>(s.names.size()) - 1 || o->kernel_count != 3 || !(o->seconds >= 0);
    const std::vector<float> in = picture(2);
    for (int64_t n = 0, i = 0; n < 2; ++n) {
      for (int64_t c = 0; c < lib_test::channels; ++c) {
        for (int64_t y = 0; y < lib_test::height; ++y) {
          for (int64_t x = 0; x < lib_test::width; ++x, ++i) {
            const float value = o->data[n * o->stride_batch + c * o->stride_channel + y * o->stride_y + x * o->stride_x];
            const float input = in[static_cast<size_t>(i)];
            s.bad += value != (o->kernel == 0 ? input : lib_test::expected(input, c, 4));
          }
        }
      }
    }
  };
  const auto set = library.get<void(rn_context*, rn_observer, void*)>("set_observer");
  set(context, observe, &seen);
  CHECK(wrong(library, context, 2, 4) == 0);
  CHECK(seen.names == std::vector<std::string>{"image", "out", "result"});
  CHECK(seen.bad == 0);
  set(context, nullptr, nullptr);
  CHECK(wrong(library, context, 2, 4) == 0);
  CHECK(seen.names.size() == 3);
  library.destroy(context);
}

TEST_CASE("the same again gives the same bytes") {
  TempDir a, b;
  const lib_test::Weights weights(4);
  const auto first = write(a.path(), "tiny", &weights), second = write(b.path() + "/deeper/folder", "tiny", &weights);
  REQUIRE(first.size() == second.size());
  for (size_t i = 0; i < first.size(); ++i) CHECK_MESSAGE(lib_test::read_bytes(first[i]) == lib_test::read_bytes(second[i]), first[i]);
}

TEST_CASE("two archives link into one program") {
  TempDir folder;
  const lib_test::Weights weights(4);
  const auto write_archive = [&](const std::string& name) {
    return write(folder.path(), name, &weights, [](LibraryOptions& o) { o.embed_weights = true; });
  };
  const auto a = write_archive("one"), b = write_archive("two");
  lib_test::write_bytes(
      folder.path() + "/main.c",
      "#include \"one.h\"\n#include \"two.h\"\n"
      "int main(void) {\n  float in[ONE_INPUT_BYTES / 4] = {0}, out[TWO_OUTPUT_BYTES_result / 4];\n"
      "  one_context *first = NULL;\n  two_context *second = NULL;\n  two_options options = TWO_OPTIONS_INIT;\n"
      "  if (one_create(NULL, 0, NULL, &first) != ONE_OK) return 1;\n"
      "  if (two_create(NULL, 0, &options, &second) != TWO_OK) return 2;\n"
      "  if (one_run(first, in, sizeof in, out, sizeof out, 1) != ONE_OK || out[ONE_OUTPUT_BYTES_result / 4 - 1] != 4) return 3;\n"
      "  if (two_run(second, in, sizeof in, out, sizeof out, 1) != TWO_OK || out[0] != 0) return 4;\n"
      "  one_destroy(first);\n  two_destroy(second);\n  return 0;\n}\n");
  const char* compiler = std::getenv("CC") != nullptr ? std::getenv("CC") : "clang-22";
  const std::string line = "cd '" + folder.path() + "' && " + compiler + " -std=c89 -pedantic -Wall -Wextra -Werror main.c ";
  CHECK(std::system((line + "libone.a libtwo.a -lpthread -o static_main && ./static_main").c_str()) == 0);
  CHECK(std::system((line + "-L. -lone -ltwo -Wl,-rpath,. -o shared_main && ./shared_main").c_str()) == 0);
}

TEST_CASE("only the network's own names are global in the object") {
  TempDir folder;
  const auto paths = write(folder.path(), "tiny", nullptr);
  CHECK(paths.size() == 4);
  const Loaded library(paths[0], "tiny");
  for (const char* hidden : {"rn_create", "rn_run", "halide_do_par_for", "rn_this_cpu"}) {
    void* found = dlsym(library.handle, hidden);
    Dl_info info{};
    const bool ours = found != nullptr && dladdr(found, &info) != 0 && std::string(info.dli_fname) == paths[0];
    CHECK_FALSE_MESSAGE(ours, hidden);
  }
}

TEST_CASE("what cannot be written says why") {
  const program::Program program = lib_test::make_program("tiny", &target());
  const auto reason = [&](const std::function<void(LibraryOptions&)>& change) {
    LibraryOptions options;
    options.name = "tiny";
    change(options);
    const Result<std::vector<std::string>> written = write_library(std::span(&program, 1), options);
    REQUIRE_FALSE(written);
    CHECK(written.failure().blame == Blame::input);
    return written.failure().text;
  };
  const lib_test::Weights weights(1);
  struct Nothing final : WeightSource {
    std::vector<double> read(const std::string&, const std::vector<int64_t>&) const override { return {}; }
  } nothing;
  CHECK(reason([](LibraryOptions& o) { o.name = "3net"; }) ==
        "this cannot be a library's name: '3net' is not a C identifier; --name gives another");
  CHECK(reason([](LibraryOptions& o) { o.embed_weights = true; }) == "there are no weights to embed");
  CHECK(reason([](LibraryOptions& o) { o.depends_on_values = true; }) == "the programs depend on weights that are not given");
  CHECK(reason([&](LibraryOptions& o) { o.weights = &nothing; }) == "the weights have no tensor 'bn.bias' of shape [3]");
  CHECK(reason([&](LibraryOptions& o) { o.output_dir = "/dev/null/x"; }).starts_with("/dev/null/x: "));
  const program::Program twice[] = {program, program};
  LibraryOptions options;
  options.name = "tiny";
  const Result<std::vector<std::string>> written = write_library(twice, options);
  REQUIRE_FALSE(written);
  CHECK(written.failure().text == "two programs are for " + target().name);
}
