/// \file The compilation of kernels: one object for equal jobs, the cache, determinism, failures.
#include <doctest/doctest.h>

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "codegen/host.h"
#include "codegen/kernel_cache.h"
#include "codegen/worker.h"
#include "runtime/model.h"
#include "support/temp_dir.h"
#include "tests/unit/codegen/kernels/harness.h"

namespace resnetc::testing {
namespace {

namespace fs = std::filesystem;

/// A cache directory that goes away with the test.
struct Cache {
  TempDir folder;
  const std::string& path = folder.path();
  Cache() { REQUIRE(!path.empty()); }
  std::vector<fs::path> entries() const {
    std::vector<fs::path> found;
    for (const fs::directory_entry& entry : fs::directory_iterator(path)) found.push_back(entry.path());
    return found;
  }
};

codegen::KernelJob copy_job(int64_t channels) {
  program::KernelSpec spec;
  spec.kind = program::KernelKind::copy;
  spec.in = spec.out = layout(TensorType::picture(channels, 5, 5));
  spec.schedule = program::GeneralSchedule{1, 0};
  spec.epilogue.push_back({graph::StepKind::relu, {}, false});
  return {spec, &all_targets().back()};
}

codegen::KernelSet compile(const std::vector<codegen::KernelJob>& jobs, const codegen::KernelOptions& options) {
  const Result<codegen::KernelSet> set = codegen::compile_kernels(jobs, options);
  REQUIRE_MESSAGE(set, set.failure().text);
  return *set;
}

}  // namespace

TEST_CASE("compile_kernels: equal jobs are compiled once, and the same bytes come out every time") {
  const std::vector<codegen::KernelJob> jobs{copy_job(16), copy_job(32), copy_job(16)};
  const codegen::KernelSet first = compile(jobs, {});
  CHECK(first.objects.size() == 2);
  CHECK(first.index == std::vector<size_t>{0, 1, 0});
  CHECK(first.objects[0].symbol != first.objects[1].symbol);
  const std::vector<codegen::KernelJob> swapped{copy_job(32), copy_job(16)};
  codegen::KernelOptions one_at_once;
  one_at_once.jobs = 1;
  const codegen::KernelSet second = compile(swapped, one_at_once);
  CHECK(second.objects[0].object == first.objects[1].object);
  CHECK(second.objects[1].object == first.objects[0].object);
}

TEST_CASE("compile_kernels: the cache") {
  const Cache cache;
  codegen::KernelOptions options;
  options.cache_dir = cache.path;
  const std::vector<codegen::KernelJob> jobs{copy_job(16)};
  const std::string object = compile(jobs, options).objects[0].object;
  REQUIRE(cache.entries().size() == 1);
  const codegen::KernelSet again = compile(jobs, options);
  CHECK(again.objects[0].from_cache);
  CHECK(again.objects[0].object == object);

  SUBCASE("a damaged entry is compiled anew") {
    std::fstream file(cache.entries()[0], std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file.put('!');
    file.close();
    const codegen::KernelSet mended = compile(jobs, options);
    CHECK_FALSE(mended.objects[0].from_cache);
    CHECK(mended.objects[0].object == object);
    CHECK(compile(jobs, options).objects[0].from_cache);
  }
  SUBCASE("an entry cut short is compiled anew") {
    fs::resize_file(cache.entries()[0], 40);
    CHECK_FALSE(compile(jobs, options).objects[0].from_cache);
    fs::resize_file(cache.entries()[0], 0);
    CHECK_FALSE(compile(jobs, options).objects[0].from_cache);
  }
  SUBCASE("entries beyond the limit go, the least recently used first") {
    fs::last_write_time(cache.entries()[0], fs::file_time_type::clock::now() - std::chrono::hours(2));
    options.cache_limit_bytes = static_cast<int64_t>(object.size()) * 3 / 2;
    compile({copy_job(32)}, options);
    CHECK(cache.entries().size() == 1);
    CHECK(compile({copy_job(32)}, options).objects[0].from_cache);
    CHECK_FALSE(compile(jobs, options).objects[0].from_cache);
  }
  SUBCASE("a directory that cannot be made is no error") {
    options.cache_dir = cache.entries()[0].string() + "/no";
    CHECK_FALSE(compile(jobs, options).objects[0].from_cache);
  }
}

TEST_CASE("compile_kernels: a kernel that cannot be is an error with its reason") {
  codegen::KernelJob job = copy_job(16);
  job.spec.in.channel_stride = 17;
  const auto fails_with = [&](const char* reason) {
    const Result<codegen::KernelSet> set = codegen::compile_kernels(std::vector<codegen::KernelJob>{job}, {});
    REQUIRE_FALSE(set);
    CHECK(set.failure().text.find(reason) != std::string::npos);
    CHECK(set.failure().blame == Blame::bug);
  };
  fails_with("not padded to whole vectors");
  job = copy_job(16);
  Target unknown = *job.target;
  unknown.halide = "z80";
  job.target = &unknown;
  fails_with("'z80' is not a target");
}

TEST_CASE("texts_of: each distinct kernel once, in every kind") {
  using enum codegen::KernelText;
  const std::vector<codegen::KernelJob> jobs = {copy_job(16), copy_job(32), copy_job(16)};
  const std::vector<codegen::KernelText> kinds = {loops, conceptual_stmt, stmt, llvm, assembly, ptx};
  const auto set = codegen::texts_of(jobs, kinds, {});
  REQUIRE(set);
  CHECK(set->index == std::vector<size_t>{0, 1, 0});
  REQUIRE(set->texts.size() == 2);
  const auto has = [&](size_t kind, const char* word) { return set->texts[0].at(kind).find(word) != std::string::npos; };
  CHECK(has(0, "produce out"));
  CHECK(has(1, "produce out"));
  CHECK(has(2, "produce out"));
  CHECK(has(3, "define"));
  CHECK(has(4, ".text"));
  CHECK(set->texts[0].at(5).empty());
  CHECK(set->texts[0] != set->texts[1]);
  // A text that is requested alone is the same.
  CHECK(codegen::texts_of(std::span(jobs).first(1), std::vector{llvm}, {})->texts[0][0] == set->texts[0][3]);
}

TEST_CASE("texts_of: a kernel that cannot be is an error with its reason") {
  codegen::KernelJob job = copy_job(16);
  job.spec.in.channel_stride = 17;
  const auto set = codegen::texts_of(std::span(&job, 1), std::vector{codegen::KernelText::stmt}, {});
  REQUIRE_FALSE(set);
  CHECK(set.failure().text.find("not padded to whole vectors") != std::string::npos);
}

TEST_CASE("run_workers: a crash is a message") {
  std::vector<std::string> reasons(3);
  const std::vector<codegen::Work> work{
      [](const std::string&) -> Result<> { ::_exit(7); },
      [](const std::string&) -> Result<> { return Failure{"because\n"}; },
      [](const std::string& path) -> Result<> {
        std::ofstream(path) << "fine";
        return {};
      },
  };
  std::string bytes;
  const Result<> ran = codegen::run_workers(work, 2, [&](size_t i, const Result<std::string>& written) -> Result<> {
    if (written) {
      bytes += *written;
    } else {
      reasons[i] = written.failure().text;
      CHECK(written.failure().blame == Blame::bug);
    }
    return {};
  });
  CHECK(ran);
  CHECK(reasons == std::vector<std::string>{"its process ended with status 7", "because", ""});
  CHECK(bytes == "fine");
}

TEST_CASE("targets: names, features, this machine's") {
  CHECK(find_target("avx2")->features == (RN_SSE41 | RN_AVX | RN_AVX2));
  CHECK(find_target(find_target("sse41")->halide)->name == "sse41");
  CHECK(codegen::target_named("host") == codegen::host_target());
  CHECK(find_target("cuda")->on_gpu());
  CHECK_FALSE(codegen::host_target()->on_gpu());
  CHECK(find_target("neon") == nullptr);
  CHECK(codegen::runs_here(*codegen::host_target()));
  Target later = *codegen::host_target();
  later.features |= uint64_t{1} << 63;
  CHECK_FALSE(codegen::runs_here(later));
}

}  // namespace resnetc::testing
