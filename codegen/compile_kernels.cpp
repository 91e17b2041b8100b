/// \file Kernels to objects: equal jobs once, from the cache where they lie there, the rest in worker processes.
#include <algorithm>
#include <cstdlib>
#include <map>

#include "codegen/emit_kernel.h"
#include "codegen/kernel_cache.h"
#include "codegen/kernels.h"
#include "codegen/worker.h"

namespace resnetc::codegen {

namespace {

/// All that a kernel's code depends on, but the compiler.
std::string content_of(const KernelJob& job) { return program::to_string(job.spec) + "\ntarget " + job.target + "\n"; }

std::string symbol_of(const std::string& content) { return "rn_kernel_" + KernelCache::key(content).substr(0, 16); }

Work work_for(const KernelJob& job, const std::string& symbol, KernelOutput output) {
  return [&job, symbol, output](const std::string& path, std::string& why) { return emit_kernel(job, symbol, output, path, why); };
}

}  // namespace

std::optional<KernelSet> compile_kernels(std::span<const KernelJob> jobs, const KernelOptions& options, std::string& why) {
  const KernelCache cache(options.cache_dir, options.cache_limit_bytes);
  KernelSet set;
  std::map<std::string, size_t> by_content;
  std::vector<size_t> job_of;  // one job of each distinct object
  std::vector<std::string> keys;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const std::string content = content_of(jobs[i]);
    const auto [it, added] = by_content.emplace(content, set.objects.size());
    set.index.push_back(it->second);
    if (!added) continue;
    set.objects.push_back({symbol_of(content), {}, false});
    job_of.push_back(i);
    keys.push_back(options.cache_dir.empty() ? std::string() : KernelCache::key(compiler_build_id() + "\n" + content));
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
  for (size_t o : missing) work.push_back(work_for(jobs[job_of[o]], set.objects[o].symbol, KernelOutput::object));
  auto done = [&](size_t i, WorkResult result) {
    const size_t o = missing[i];
    if (!result.ok) {
      why = result.bug ? "internal error: " : "";
      why += "kernel '" + program::to_string(jobs[job_of[o]].spec) + "' for " + jobs[job_of[o]].target + ": " + result.why;
      return false;
    }
    cache.store(keys[o], result.bytes);
    set.objects[o].object = std::move(result.bytes);
    if (options.progress) options.progress(++ready, set.objects.size());
    return true;
  };
  if (!run_workers(work, options.jobs, done, why)) return std::nullopt;
  cache.evict();
  return set;
}

std::string default_cache_dir() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && cache[0] == '/') return std::string(cache) + "/resnetc";
  if (const char* home = std::getenv("HOME"); home != nullptr && home[0] != '\0') return std::string(home) + "/.cache/resnetc";
  return {};
}

std::optional<std::string> kernel_text(const KernelJob& job, KernelText kind, std::string& why) {
  const KernelOutput output = kind == KernelText::stmt   ? KernelOutput::stmt
                              : kind == KernelText::llvm ? KernelOutput::llvm
                              : kind == KernelText::ptx  ? KernelOutput::ptx
                                                         : KernelOutput::assembly;
  std::string text;
  auto done = [&](size_t, WorkResult result) {
    text = std::move(result.bytes);
    why = result.why;
    return result.ok;
  };
  if (!run_workers({work_for(job, symbol_of(content_of(job)), output)}, 1, done, why)) return std::nullopt;
  return text;
}

}  // namespace resnetc::codegen
