/// \file Compiles kernels to objects. Equal jobs are compiled once, objects in the cache are taken from it, and worker processes make the
/// others.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>

#include "codegen/kernel_cache.h"
#include "codegen/kernel_emitter.h"
#include "codegen/kernels.h"
#include "codegen/worker.h"

namespace resnetc::codegen {

namespace {

/// All that a kernel's code depends on, except the compiler.
std::string content_of(const KernelJob& job) { return program::to_string(job.spec) + "\ntarget " + job.target->halide + "\n"; }

/// The hash of all that the object depends on.
std::string cache_key(const KernelJob& job, const std::string& content) {
  return KernelCache::key(std::string(compiler_build_id()) + "\n" + emitter_of(job).version() + "\n" + content);
}

std::string symbol_of(const std::string& content) { return "rn_kernel_" + KernelCache::key(content).substr(0, 16); }

/// The distinct jobs: only one of several jobs with equal content.
struct Distinct {
  std::vector<size_t> index;  ///< for each job, the index of its content in `jobs`
  std::vector<size_t> jobs;   ///< for each content, the first job that has it
  std::vector<std::string> content;

  explicit Distinct(std::span<const KernelJob> all) {
    std::map<std::string, size_t> known;
    for (size_t i = 0; i < all.size(); ++i) {
      const auto [it, added] = known.emplace(content_of(all[i]), content.size());
      index.push_back(it->second);
      if (!added) continue;
      jobs.push_back(i);
      content.push_back(it->first);
    }
  }
};

Failure failure_of(const KernelJob& job, const Failure& failure) {
  return {"kernel '" + program::to_string(job.spec) + "' for " + job.target->name + ": " + failure.text, failure.blame};
}

/// Writes texts to one file, each after its length.
Result<> write_texts(const std::vector<std::string>& texts, const std::string& path) {
  std::ofstream out(path, std::ios::binary);
  for (const std::string& text : texts) {
    const uint64_t size = text.size();
    out.write(reinterpret_cast<const char*>(&size), sizeof size);
    out.write(text.data(), static_cast<std::streamsize>(size));
  }
  out.close();
  if (!out) return Failure{"its texts cannot be written; is memory short?", Blame::limit};
  return {};
}

std::vector<std::string> split_texts(const std::string& joined) {
  std::vector<std::string> texts;
  uint64_t size = 0;
  for (size_t at = 0; at + sizeof size <= joined.size(); at += size) {
    std::memcpy(&size, joined.data() + at, sizeof size);
    at += sizeof size;
    texts.push_back(joined.substr(at, size));
  }
  return texts;
}

}  // namespace

const KernelEmitter& emitter_of(const KernelJob&) { return halide_emitter(); }

Result<KernelSet> compile_kernels(std::span<const KernelJob> jobs, const KernelOptions& options) {
  const KernelCache cache(options.cache_dir, options.cache_limit_bytes);
  const Distinct distinct(jobs);
  KernelSet set;
  set.index = distinct.index;
  std::vector<std::string> keys;
  for (size_t o = 0; o < distinct.content.size(); ++o) {
    set.objects.push_back({symbol_of(distinct.content[o]), {}, false});
    keys.push_back(options.cache_dir.empty() ? std::string() : cache_key(jobs[distinct.jobs[o]], distinct.content[o]));
  }
  std::vector<size_t> missing;
  for (size_t o = 0; o < set.objects.size(); ++o) {
    if (std::optional<std::string> found = cache.find(keys[o])) {
      set.objects[o].object = std::move(*found);
      set.objects[o].from_cache = true;
    } else {
      missing.push_back(o);
    }
  }
  size_t ready = set.objects.size() - missing.size();
  if (options.progress) options.progress(ready, set.objects.size());
  if (missing.empty()) return set;

  std::vector<Work> work;
  for (size_t o : missing) {
    work.push_back([&job = jobs[distinct.jobs[o]], symbol = set.objects[o].symbol](const std::string& path) {
      return emitter_of(job).object(job, symbol, path);
    });
  }
  const auto done = [&](size_t i, Result<std::string> object) -> Result<> {
    const size_t o = missing[i];
    if (!object) return failure_of(jobs[distinct.jobs[o]], object.failure());
    cache.store(keys[o], *object);
    set.objects[o].object = std::move(*object);
    if (options.progress) options.progress(++ready, set.objects.size());
    return {};
  };
  if (const Result<> finished = run_workers(work, options.jobs, done); !finished) return finished.failure();
  cache.evict();
  return set;
}

std::string default_cache_dir() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && cache[0] == '/') return std::string(cache) + "/resnetc";
  if (const char* home = std::getenv("HOME"); home != nullptr && home[0] != '\0') return std::string(home) + "/.cache/resnetc";
  return {};
}

std::span<const KernelTextInfo> kernel_texts() {
  static constexpr KernelTextInfo table[] = {
      {"loops", "Loops", "loops", "KERNEL.loops", "the schedule as a nest of loops", KernelText::loops},
      {"conceptual-stmt", "Conceptual statement", "conceptual", "KERNEL.conceptual",
       "Halide's statement before loops become tasks or launches", KernelText::conceptual_stmt},
      {"stmt", "Statement", "stmt", "KERNEL.stmt", "Halide's lowered statement", KernelText::stmt},
      {"llvm", "LLVM IR", "ll", "KERNEL.ll", "LLVM IR", KernelText::llvm},
      {"asm", "Assembly", "s", "KERNEL.s", "assembly; for a GPU, of the host's part", KernelText::assembly},
      {"ptx", "PTX", "ptx", "KERNEL.ptx", "the code that a GPU's driver translates", KernelText::ptx, true},
  };
  return table;
}

Result<KernelTextSet> texts_of(std::span<const KernelJob> jobs, std::span<const KernelText> kinds, const KernelOptions& options) {
  const Distinct distinct(jobs);
  KernelTextSet set{std::vector<std::vector<std::string>>(distinct.jobs.size()), distinct.index};
  std::vector<Work> work;
  for (size_t i = 0; i < distinct.jobs.size(); ++i) {
    work.push_back([&job = jobs[distinct.jobs[i]], kinds, symbol = symbol_of(distinct.content[i])](const std::string& path) {
      const Result<std::vector<std::string>> texts = emitter_of(job).texts(job, symbol, kinds);
      return texts ? write_texts(*texts, path) : texts.failure();
    });
  }
  size_t ready = 0;
  const auto done = [&](size_t i, const Result<std::string>& joined) -> Result<> {
    if (!joined) return failure_of(jobs[distinct.jobs[i]], joined.failure());
    set.texts[i] = split_texts(*joined);
    if (options.progress) options.progress(++ready, work.size());
    return {};
  };
  if (const Result<> finished = run_workers(work, options.jobs, done); !finished) return finished.failure();
  return set;
}

}  // namespace resnetc::codegen
