/// \file Libraries for CUDA on the stand-in for its driver: tests the resources of a context, statuses, device pointers and batches, and
/// that errors planted in kernels are found.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <regex>
#include <thread>

#include "codegen/host.h"
#include "codegen/library.h"
#include "frontend/frontend.h"
#include "runtime/cuda_driver.h"
#include "support/temp_dir.h"
#include "tests/cuda/driver.h"
#include "tests/exactness/compiled.h"

namespace resnetc::cuda_test {
namespace {

using exactness::relative_difference;

// Halos, windows that leave the picture, uneven padding, groups that do not fit the threads, a projection, channels that are no whole vectors, shared
// memory with barriers (softmax).
constexpr const char* text = R"(network small {
  input image: f32[N, 3, 13, 11]
  c1: conv(3x3, 24)  b1: batch_norm  relu
  p: max_pool(3x3, stride = 2, pad = 1)
  q: avg_pool(2x2, stride = 1, pad = same, ceil = true, count_pad = false)
  c2: conv(3x3, 40, pad = [2, 0, 0, 2], groups = 4)  b2: batch_norm  relu
  c3: conv(1x1, 40)  b3: batch_norm
  skip from p via down { conv(1x1, 40)  batch_norm }
  relu
  gate via { softmax }
  gate via { global_avg_pool  softmax(parts = 5) }
  global_avg_pool
  fc: linear(10)
  softmax
  output scores
})";
constexpr size_t classes = 10, most_pictures = 3;
constexpr int64_t plenty = int64_t{1} << 32;

/// A function of the stand-in for tests.
template <class Function>
Function* stand_in(const char* name) {
  static void* const library = dlopen("libcuda.so.1", RTLD_NOW);
  REQUIRE(library != nullptr);
  void* const function = dlsym(library, name);
  REQUIRE(function != nullptr);
  return reinterpret_cast<Function*>(function);
}
resnetc_gpu_counts count() { return stand_in<decltype(resnetc_gpu_count)>("resnetc_gpu_count")(); }
std::string gpu_fault() { return stand_in<decltype(resnetc_gpu_fault)>("resnetc_gpu_fault")(); }
void reset(int64_t devices = 1, int64_t capability = 80, int64_t memory = plenty) {
  stand_in<decltype(resnetc_gpu_reset)>("resnetc_gpu_reset")(devices, capability, memory);
}
void change_modules(const char* (*change)(const char*)) {
  stand_in<decltype(resnetc_gpu_change_modules)>("resnetc_gpu_change_modules")(change);
}

/// The small network's library, made once, and the interpreter's results for its pictures.
class Small {
 public:
  static Small& get() {
    static Small instance;
    return instance;
  }

  int32_t create(const rn_options& options, rn_context** context) const {
    return symbol<int32_t(const void*, size_t, const rn_options*, rn_context**)>("create")(weights.data(), weights.size(), &options,
                                                                                           context);
  }
  void destroy(rn_context* context) const { symbol<void(rn_context*)>("destroy")(context); }
  int32_t run(rn_context* context, size_t batch, std::vector<float>& scores) const {
    scores.assign(batch * classes, 0);
    return symbol<int32_t(rn_context*, const float*, size_t, float*, size_t, int32_t)>("run")(
        context, pictures.data(), batch * picture * 4, scores.data(), scores.size() * 4, static_cast<int32_t>(batch));
  }
  double error(const std::vector<float>& scores) const {
    return relative_difference(scores, std::span<const double>(wanted).first(scores.size()));
  }
  std::string selected(rn_context* context) const { return symbol<const char*(rn_context*)>("selected_target")(context); }

  template <class Function>
  Function* symbol(const char* name) const {
    void* const function = dlsym(handle_, (std::string("small_") + name).c_str());
    REQUIRE(function != nullptr);
    return reinterpret_cast<Function*>(function);
  }

  std::vector<float> pictures;
  std::vector<double> wanted;
  std::string_view weights;  ///< aligned
  size_t picture = 3 * 13 * 11;

 private:
  Small() {
    Sources sources;
    Diagnostics diagnostics(sources);
    const auto topology = parse_network("small.rn", text, {}, diagnostics);
    REQUIRE_MESSAGE(topology, diagnostics.render());
    graph::Graph graph;
    const Target* const targets[] = {find_target("cuda"), codegen::host_target()};
    std::vector<program::Program> programs = exactness::lower(*topology, targets, diagnostics, &graph);
    REQUIRE_MESSAGE(programs.size() == 2, diagnostics.render());
    program::share_constants(programs);

    const GeneratedWeights source;
    codegen::LibraryOptions options;
    options.output_dir = folder_.path();
    options.name = "small";
    options.weights = &source;
    options.archive = false;
    const Result<std::vector<std::string>> written = codegen::write_library(programs, options);
    REQUIRE_MESSAGE(written, written.failure().text);
    handle_ = dlopen(folder_.file("libsmall.so").c_str(), RTLD_NOW | RTLD_LOCAL);
    REQUIRE(handle_ != nullptr);
    const Result<std::string> packed = codegen::pack_weights(programs[0].constants, "small", source);
    REQUIRE(packed);
    storage_.resize(packed->size() + 64);
    const size_t shift = (64 - reinterpret_cast<uintptr_t>(storage_.data()) % 64) % 64;
    packed->copy(storage_.data() + shift, packed->size());
    weights = std::string_view(storage_).substr(shift, packed->size());

    for (size_t k = 0; k < most_pictures; ++k) {
      const Values values = generated_input("image", static_cast<int64_t>(k), static_cast<int64_t>(picture), ElementType::f32);
      for (double value : values) pictures.push_back(static_cast<float>(value));
      const std::vector<Values> outputs = interpret(graph, source, values);
      wanted.insert(wanted.end(), outputs[0].begin(), outputs[0].end());
    }
  }

  TempDir folder_;
  std::string storage_;
  void* handle_ = nullptr;
};

rn_options on_gpu() {
  rn_options options{};
  options.size = sizeof options;
  options.target = "cuda";
  options.max_batch = most_pictures;
  return options;
}

bool holds_nothing() {
  const resnetc_gpu_counts held = count();
  return held.allocations == 0 && held.modules == 0 && held.streams == 0 && held.contexts == 0;
}

TEST_CASE("any batch, again and again, and all is given back") {
  const Small& small = Small::get();
  reset();
  rn_context* context = nullptr;
  REQUIRE(small.create(on_gpu(), &context) == RN_OK);
  CHECK(small.selected(context) == "cuda");
  const resnetc_gpu_counts before = count();
  // In smaller batches the halos are where the largest batch has put them.
  for (size_t batch : {size_t{3}, size_t{1}, size_t{2}, size_t{3}}) {
    std::vector<float> scores;
    REQUIRE(small.run(context, batch, scores) == RN_OK);
    CHECK(small.error(scores) < 1e-4);
  }
  const resnetc_gpu_counts after = count();
  CHECK(after.allocated == before.allocated);
  CHECK(after.allocations == before.allocations);
  CHECK(after.launches > before.launches);
  small.destroy(context);
  CHECK(holds_nothing());
}

TEST_CASE("contexts share nothing and run at the same time") {
  const Small& small = Small::get();
  reset();
  double errors[2] = {1, 1};
  const auto work = [&](size_t which) {
    rn_context* context = nullptr;
    std::vector<float> scores;
    if (small.create(on_gpu(), &context) == RN_OK && small.run(context, 2, scores) == RN_OK) errors[which] = small.error(scores);
    small.destroy(context);
  };
  std::thread first(work, 0), second(work, 1);
  first.join();
  second.join();
  CHECK(errors[0] < 1e-4);
  CHECK(errors[1] < 1e-4);
  CHECK(holds_nothing());
}

TEST_CASE("buffers of the device, in the caller's context and stream") {
  const Small& small = Small::get();
  reset();
  rn_cu_handle cu = nullptr, stream = nullptr, popped = nullptr;
  REQUIRE(stand_in<rn_cu_result(unsigned)>("cuInit")(0) == RN_CU_SUCCESS);
  REQUIRE(stand_in<rn_cu_result(rn_cu_handle*, unsigned, rn_cu_device)>("cuCtxCreate_v2")(&cu, 0, 0) == RN_CU_SUCCESS);
  REQUIRE(stand_in<rn_cu_result(rn_cu_handle*, unsigned)>("cuStreamCreate")(&stream, 0) == RN_CU_SUCCESS);
  rn_cu_memory image = 0, result = 0;
  auto* allocate = stand_in<rn_cu_result(rn_cu_memory*, size_t)>("cuMemAlloc_v2");
  auto* upload = stand_in<rn_cu_result(rn_cu_memory, const void*, size_t, rn_cu_handle)>("cuMemcpyHtoDAsync_v2");
  auto* download = stand_in<rn_cu_result(void*, rn_cu_memory, size_t, rn_cu_handle)>("cuMemcpyDtoHAsync_v2");
  auto* wait = stand_in<rn_cu_result(rn_cu_handle)>("cuStreamSynchronize");
  const size_t in_bytes = 2 * small.picture * 4, out_bytes = 2 * classes * 4;
  REQUIRE(allocate(&image, in_bytes) == RN_CU_SUCCESS);
  REQUIRE(allocate(&result, out_bytes) == RN_CU_SUCCESS);
  REQUIRE(upload(image, small.pictures.data(), in_bytes, stream) == RN_CU_SUCCESS);

  rn_options options = on_gpu();
  options.device_context = cu;
  rn_context* context = nullptr;
  REQUIRE(small.create(options, &context) == RN_OK);
  auto* run_device = small.symbol<int32_t(rn_context*, rn_cu_memory, size_t, rn_cu_memory, size_t, rn_cu_handle, int32_t)>("run_device");
  CHECK(run_device(context, image, in_bytes, result, out_bytes - 4, stream, 2) == RN_BAD_OUTPUT_SIZE);
  CHECK(run_device(context, image, in_bytes, result, out_bytes, stream, 4) == RN_BATCH_TOO_LARGE);
  const int64_t launches = count().launches;
  REQUIRE(run_device(context, image, in_bytes, result, out_bytes, stream, 2) == RN_OK);
  CHECK(count().launches == launches);  // only queued
  std::vector<float> scores(2 * classes);
  REQUIRE(download(scores.data(), result, out_bytes, stream) == RN_CU_SUCCESS);
  REQUIRE(wait(stream) == RN_CU_SUCCESS);
  CHECK(small.error(scores) < 1e-4);
  small.destroy(context);

  CHECK(count().allocations == 2);  // the caller's own allocations remain
  auto* release = stand_in<rn_cu_result(rn_cu_memory)>("cuMemFree_v2");
  CHECK(release(image) == RN_CU_SUCCESS);
  CHECK(release(result) == RN_CU_SUCCESS);
  CHECK(stand_in<rn_cu_result(rn_cu_handle)>("cuStreamDestroy_v2")(stream) == RN_CU_SUCCESS);
  CHECK(stand_in<rn_cu_result(rn_cu_handle*)>("cuCtxPopCurrent_v2")(&popped) == RN_CU_SUCCESS);
  CHECK(popped == cu);  // current, as before
  CHECK(stand_in<rn_cu_result(rn_cu_handle)>("cuCtxDestroy_v2")(cu) == RN_CU_SUCCESS);
  CHECK(holds_nothing());

  rn_options on_cpu{};
  on_cpu.size = sizeof on_cpu;
  on_cpu.target = codegen::host_target()->name.c_str();
  REQUIRE(small.create(on_cpu, &context) == RN_OK);
  CHECK(run_device(context, image, in_bytes / 2, result, out_bytes / 2, nullptr, 1) == RN_NOT_ON_DEVICE);
  small.destroy(context);
}

TEST_CASE("what a GPU lacks is a status, and nothing stays behind") {
  const Small& small = Small::get();
  rn_context* context = nullptr;
  rn_options options = on_gpu();
  reset(1, 75);
  CHECK(small.create(options, &context) == RN_DEVICE_TOO_OLD);
  CHECK(holds_nothing());
  reset(2);
  options.device = 2;
  CHECK(small.create(options, &context) == RN_NO_DEVICE);
  options.device = 1;
  REQUIRE(small.create(options, &context) == RN_OK);
  small.destroy(context);
  CHECK(holds_nothing());
  options.device = 0;
  // Increase the memory until everything fits. With less memory, one allocation after the other fails.
  int too_small = 0;
  for (int64_t memory = 1024;; memory += 8192, ++too_small) {
    reset(1, 90, memory);
    const int32_t status = small.create(options, &context);
    if (status == RN_OK) break;
    CHECK(status == RN_OUT_OF_DEVICE_MEMORY);
    CHECK(context == nullptr);
    CHECK(holds_nothing());
  }
  CHECK(too_small > 4);
  small.destroy(context);
  CHECK(holds_nothing());
  // A library for both devices uses the processor if there is no suitable GPU.
  reset(1, 75);
  options.target = nullptr;
  REQUIRE(small.create(options, &context) == RN_OK);
  CHECK(small.selected(context) == codegen::host_target()->name);
  std::vector<float> scores;
  REQUIRE(small.run(context, 2, scores) == RN_OK);
  CHECK(small.error(scores) < 1e-4);
  small.destroy(context);
  reset();
  REQUIRE(small.create(options, &context) == RN_OK);
  CHECK(small.selected(context) == "cuda");
  small.destroy(context);
}

TEST_CASE("a library for both goes past the GPU only where there is none for it, and none was chosen") {
  const Small& small = Small::get();
  rn_context* context = nullptr;
  rn_options options = on_gpu();
  options.target = nullptr;
  const auto selected = [&](int32_t status) {
    if (status != RN_OK) return std::string();
    const std::string target = small.selected(context);
    small.destroy(context);
    return target;
  };
  const std::string host = codegen::host_target()->name;
  reset(0);
  CHECK(selected(small.create(options, &context)) == host);
  reset(1, 75);
  CHECK(selected(small.create(options, &context)) == host);
  reset(1, 80, 1024);
  CHECK(selected(small.create(options, &context)) == host);
  // The chosen GPU does not exist, or is not suitable.
  reset(1);
  options.device = 1;
  CHECK(small.create(options, &context) == RN_NO_DEVICE);
  reset(2, 75);
  CHECK(small.create(options, &context) == RN_DEVICE_TOO_OLD);
  CHECK(context == nullptr);
  options.device = 0;
  rn_cu_handle cu = nullptr, popped = nullptr;
  REQUIRE(stand_in<rn_cu_result(rn_cu_handle*, unsigned, rn_cu_device)>("cuCtxCreate_v2")(&cu, 0, 1) == RN_CU_SUCCESS);
  options.device_context = cu;
  options.device = 7;  // has no meaning together with a context
  CHECK(small.create(options, &context) == RN_DEVICE_TOO_OLD);
  CHECK(stand_in<rn_cu_result(rn_cu_handle*)>("cuCtxPopCurrent_v2")(&popped) == RN_CU_SUCCESS);
  CHECK(stand_in<rn_cu_result(rn_cu_handle)>("cuCtxDestroy_v2")(cu) == RN_CU_SUCCESS);
  options.device_context = nullptr;
  options.device = 0;
  // Failures on an existing GPU are reported.
  reset();
  options.max_batch = INT32_MAX;
  CHECK(small.create(options, &context) == RN_BATCH_TOO_LARGE);
  options.max_batch = 1;
  change_modules([](const char*) { return "no module"; });
  CHECK(small.create(options, &context) == RN_DEVICE_FAILED);
  change_modules(nullptr);
  reset();
}

/// The results of a network with one layer, compiled for the GPU.
std::vector<float> results(const std::string& layer, std::span<const float> values) {
  reset();
  Sources sources;
  Diagnostics diagnostics(sources);
  const std::string network = fmt::format("network one {{\n  input x: f32[N, {}]\n  {}\n  output y\n}}", values.size(), layer);
  const auto topology = parse_network("one.rn", network, {}, diagnostics);
  REQUIRE_MESSAGE(topology, diagnostics.render());
  const Target* const targets[] = {find_target("cuda")};
  const std::vector<program::Program> programs = exactness::lower(*topology, targets, diagnostics);
  REQUIRE_MESSAGE(programs.size() == 1, diagnostics.render());
  const TempDir folder;
  const auto library = exactness::Library::make(programs, "one", folder.path(), {});
  REQUIRE_MESSAGE(library, library.failure().text);
  const auto context = exactness::Context::make(**library, "cuda", 1, 1);
  REQUIRE_MESSAGE(context, context.failure().text);
  const auto bytes = std::as_bytes(values);
  const std::vector<std::byte> picture(bytes.begin(), bytes.end());
  const auto outputs = (*context)->run(std::span(&picture, 1));
  REQUIRE_MESSAGE(outputs, outputs.failure().text);
  REQUIRE(outputs->size() == 1);
  return outputs->front();
}

TEST_CASE("sigmoid and softmax of numbers that are large, infinite or none") {
  constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  constexpr double least_normal = std::numeric_limits<float>::min();
  const auto good = [](double got, double want) {
    return std::isnan(want) ? std::isnan(got) : std::abs(got - want) <= 1e-6 * want + least_normal;
  };
  std::vector<float> values{0, -0.0F, infinity, -infinity, nan, 1e-45F, -1e-40F, 1e30F, -1e30F, 3.4e38F, -3.4e38F};
  for (int i = -1100; i <= 1100; ++i) values.push_back(static_cast<float>(i) / 10);
  const std::vector<float> gates = results("sigmoid", values);
  for (size_t i = 0; i < values.size(); ++i) {
    const double want = 1 / (1 + std::exp(-static_cast<double>(values[i])));
    CHECK_MESSAGE(good(gates[i], want), fmt::format("{}: {}, not {}", values[i], gates[i], want));
  }
  const std::vector<std::vector<float>> rows{
      {0, -infinity, 1, -100, -80, -1e30F}, {infinity, 0, 1}, {nan, 0, 1}, {-infinity, -infinity}, {3.4e38F, 0, -3.4e38F}};
  for (const std::vector<float>& logits : rows) {
    const std::vector<float> shares = results("softmax", logits);
    double top = -infinity, sum = 0;
    for (float logit : logits) top = std::isnan(logit) || std::isnan(top) ? nan : std::max<double>(top, logit);
    for (float logit : logits) sum += std::exp(logit - top);
    for (size_t i = 0; i < logits.size(); ++i) {
      const double want = std::exp(logits[i] - top) / sum;
      CHECK_MESSAGE(good(shares[i], want), fmt::format("{}: {}, not {}", logits[i], shares[i], want));
    }
  }
}

TEST_CASE("a child of a process that has used the GPU leaves the driver alone") {
  const Small& small = Small::get();
  reset();
  rn_context* context = nullptr;
  REQUIRE(small.create(on_gpu(), &context) == RN_OK);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::vector<float> scores;
    rn_context* another = nullptr;
    rn_options any = on_gpu();
    any.target = nullptr;  // the context does not fall back, because the GPU exists
    int wrong = small.run(context, 1, scores) == RN_AFTER_FORK ? 0 : 1;
    wrong |= small.create(on_gpu(), &another) == RN_AFTER_FORK && another == nullptr ? 0 : 2;
    wrong |= small.create(any, &another) == RN_AFTER_FORK && another == nullptr ? 0 : 4;
    small.destroy(context);
    wrong |= gpu_fault().empty() ? 0 : 8;
    any.target = codegen::host_target()->name.c_str();
    wrong |= small.create(any, &another) == RN_OK && small.run(another, 2, scores) == RN_OK && small.error(scores) < 1e-4 ? 0 : 16;
    small.destroy(another);
    // The driver itself does not work in the child, and calling it is a fault.
    wrong |= stand_in<rn_cu_result(unsigned)>("cuInit")(0) != RN_CU_SUCCESS && !gpu_fault().empty() ? 0 : 32;
    _exit(wrong);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  std::vector<float> scores;
  REQUIRE(small.run(context, 2, scores) == RN_OK);
  CHECK(small.error(scores) < 1e-4);
  small.destroy(context);
  CHECK(holds_nothing());
}

TEST_CASE("a kernel that is still queued when its module goes is a fault") {
  reset();
  change_modules([](const char* module) { return module; });  // so that faults are not printed
  REQUIRE(stand_in<rn_cu_result(unsigned)>("cuInit")(0) == RN_CU_SUCCESS);
  rn_cu_handle cu = nullptr;
  REQUIRE(stand_in<rn_cu_result(rn_cu_handle*, unsigned, rn_cu_device)>("cuCtxCreate_v2")(&cu, 0, 0) == RN_CU_SUCCESS);
  const auto fault = [](bool launched_first) {
    rn_cu_handle stream = nullptr, module = nullptr, function = nullptr;
    const char* empty = ".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry empty()\n{\n\tret;\n}\n";
    REQUIRE(stand_in<rn_cu_result(rn_cu_handle*, unsigned)>("cuStreamCreate")(&stream, 0) == RN_CU_SUCCESS);
    auto* load = stand_in<rn_cu_result(rn_cu_handle*, const void*, unsigned, int32_t*, void**)>("cuModuleLoadDataEx");
    REQUIRE(load(&module, empty, 0, nullptr, nullptr) == RN_CU_SUCCESS);
    REQUIRE(stand_in<rn_cu_result(rn_cu_handle*, rn_cu_handle, const char*)>("cuModuleGetFunction")(&function, module, "empty") ==
            RN_CU_SUCCESS);
    const auto launch = [&] {
      auto* f = stand_in<rn_cu_result(rn_cu_handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, rn_cu_handle,
                                      void**, void**)>("cuLaunchKernel");
      CHECK(f(function, 1, 1, 1, 1, 1, 1, 0, stream, nullptr, nullptr) == RN_CU_SUCCESS);
    };
    if (launched_first) launch();
    CHECK(stand_in<rn_cu_result(rn_cu_handle)>("cuModuleUnload")(module) == RN_CU_SUCCESS);
    if (!launched_first) launch();
    CHECK(stand_in<rn_cu_result(rn_cu_handle)>("cuStreamSynchronize")(stream) != RN_CU_SUCCESS);
    rn_cu_handle popped = nullptr;
    CHECK(stand_in<rn_cu_result(rn_cu_handle*)>("cuCtxPopCurrent_v2")(&popped) == RN_CU_SUCCESS);
    const std::string what = gpu_fault();
    reset();
    return what;
  };
  CHECK(fault(true) == "the module of 'empty' was unloaded before the kernel had run");
  REQUIRE(stand_in<rn_cu_result(rn_cu_handle*, unsigned, rn_cu_device)>("cuCtxCreate_v2")(&cu, 0, 0) == RN_CU_SUCCESS);
  CHECK(fault(false) == "'empty' was launched after its module was unloaded");
  change_modules(nullptr);
}

// ------------------------------------------------------------------ planted errors

/// Changes the `place`-th match of a pattern in each module whose text has `within`.
struct Mutation {
  std::string within, pattern, replacement;
  int place = 0;  ///< all_places: every match
  bool done = false;
};
Mutation mutation;
constexpr int all_places = -1;

const char* mutate(const char* module) {
  static std::string changed;
  changed = module;
  if (changed.find(mutation.within) == std::string::npos) return changed.c_str();
  const std::regex pattern(mutation.pattern);
  if (mutation.place == all_places) {
    mutation.done = std::regex_search(changed, pattern);
    changed = std::regex_replace(changed, pattern, mutation.replacement);
    return changed.c_str();
  }
  auto it = std::sregex_iterator(changed.begin(), changed.end(), pattern);
  for (int i = 0; i < mutation.place && it != std::sregex_iterator(); ++i) ++it;
  if (it == std::sregex_iterator()) return changed.c_str();
  mutation.done = true;
  const auto at = static_cast<size_t>(it->position());
  changed = changed.substr(0, at) + it->format(mutation.replacement) + changed.substr(at + static_cast<size_t>(it->length()));
  return changed.c_str();
}

/// The way in which a planted error is found: the machine's message, a wrong result, or not at all.
std::string found(const Mutation& planted) {
  const Small& small = Small::get();
  reset();
  mutation = planted;
  change_modules(mutate);
  rn_context* context = nullptr;
  std::vector<float> scores;
  std::string how = "not found";
  if (small.create(on_gpu(), &context) == RN_OK && small.run(context, most_pictures, scores) == RN_OK) {
    if (!(small.error(scores) < 1e-4)) how = "a wrong result";
  } else {
    how = gpu_fault();
  }
  small.destroy(context);
  change_modules(nullptr);
  reset();
  return mutation.done ? how : "not planted";
}

TEST_CASE("planted errors are found") {
  CHECK(found({"no such text", "x", "y"}) == "not planted");
  CHECK(found({"", "zzz", ""}) == "not planted");
  const auto caught = [](const std::string& how) { return how != "not planted" && how != "not found"; };
  /// Counts the places, and the places at which the error is found.
  const auto try_all = [&](const std::string& within, const std::string& pattern, const std::string& replacement, int& places) {
    int found_at = 0;
    for (places = 0;; ++places) {
      const std::string how = found({within, pattern, replacement, places});
      if (how == "not planted") return found_at;
      MESSAGE(places, ": ", how);
      found_at += caught(how) ? 1 : 0;
    }
  };
  int places = 0;
  SUBCASE("an index off by one") {
    // Make each load of four channels in a convolution's loop read the next four, then an unaligned address, then an address that is far
    // off.
    CHECK(try_all("fma.rn.f32", R"((ld\.global\.nc\.v4\.b32[^\[]*\[%rd\d+)\])", "$1+16]", places) == places);
    CHECK(places > 0);
    const std::string odd = found({"fma.rn.f32", R"((ld\.global\.nc\.v4\.b32[^\[]*\[%rd\d+)\])", "$1+4]"});
    CHECK_MESSAGE(odd.find("not aligned") != std::string::npos, odd);
    const std::string far = found({"fma.rn.f32", R"((st\.global[^\[]*\[%rd\d+)\])", "$1+268435456]"});
    CHECK_MESSAGE(far.find("not allocated") != std::string::npos, far);
  }
  SUBCASE("a missing barrier") {
    // Halide makes more barriers than necessary, so removing one does not make all kernels wrong.
    CHECK(try_all(".shared", R"(bar\.sync[^;]*;)", "", places) >= 1);
    CHECK(places > 2);
    const std::string none = found({".shared", R"(bar\.sync[^;]*;)", "", all_places});
    CHECK_MESSAGE(none.find("a race") != std::string::npos, none);
  }
  SUBCASE("a barrier that not all threads reach") {
    const std::string how =
        found({".shared", R"((bar\.sync|barrier\.sync)([^;]*);)", "setp.gt.u32 %p1, %r1, 3; @%p1 bra $$Lskip; $1$2; $$Lskip:"});
    CHECK_MESSAGE(caught(how), how);
  }
  SUBCASE("a wrong guard") {
    // Let threads past the last channel or the last pixel take part.
    CHECK(try_all("after_bb", R"((setp\.lt\.[su]32\s+%p\d+, %r\d+, )\d+;)", "$1 999999;", places) >= 1);
    CHECK(places > 0);
  }
}

}  // namespace
}  // namespace resnetc::cuda_test
