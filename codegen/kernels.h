/// \file Machine code for kernels: one object per distinct KernelSpec, made in worker processes (codegen/kernel_emitter.h) and kept in a
/// cache on disk.
///
/// Calling convention of a kernel's argv entry, `int SYMBOL_argv(void** args)`: args[0] points to the user context (a void*), then one
/// halide_buffer_t per operand: the input; the weights (conv2d); for each epilogue step its constants, in the order of the table of steps
/// (ir/step.h), then its operand, if it has any; last the output.
/// Arena tensors are buffers of dimensions (c, x, y, n) whose host pointer is that of element (0, 0, 0, 0), past the halo; rank 2 values
/// have x and y of extent 1. A planar caller's buffer is (x, y, c, n); a packed u8 one, and a vector, (c, x, y, n). Constants have one
/// dimension. Only the extent of n is read at run time: every other extent and stride is compiled in. All loops over tasks go through
/// halide_do_par_for, and a task's scratch memory, program::scratch_bytes() at most, comes from halide_malloc; both are the runtime's. A
/// kernel calls nothing else but C's memset.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/program.h"

namespace resnetc::codegen {

struct KernelJob {
  program::KernelSpec spec;
  const Target* target = nullptr;
};

struct KernelObject {
  std::string symbol;  ///< "rn_kernel_<16 hex digits>"; the callable entry is `symbol + "_argv"`
  std::string object;  ///< ELF relocatable object
  bool from_cache = false;
};

struct KernelOptions {
  std::string cache_dir;                                  ///< empty: no cache
  int64_t cache_limit_bytes = int64_t{512} << 20;         ///< least recently used entries go beyond this
  int jobs = 0;                                           ///< worker processes at once; 0: one per processor
  std::function<void(size_t done, size_t all)> progress;  ///< may be empty; called from the calling thread
};

/// Compiles all jobs; equal jobs are compiled once and the result has one object per distinct job, `index[i]` that of job i.
/// Fails only for a bug or a full disk.
struct KernelSet {
  std::vector<KernelObject> objects;
  std::vector<size_t> index;
};
Result<KernelSet> compile_kernels(std::span<const KernelJob> jobs, const KernelOptions& options);

/// `$XDG_CACHE_HOME/resnetc`, or `~/.cache/resnetc`; empty if neither variable is set.
std::string default_cache_dir();

/// The forms of a kernel as text, from what is meant to what runs.
enum class KernelText { loops, conceptual_stmt, stmt, llvm, assembly, ptx };

/// One line of the table of them: --emit, the report of explain and the documentation take names and words from it.
struct KernelTextInfo {
  std::string_view name;       ///< of --emit
  std::string_view title;      ///< of a listing
  std::string_view extension;  ///< of the file, without the dot
  std::string_view file;       ///< its name, in words
  std::string_view description;
  KernelText kind;
  bool gpu_only = false;
};
std::span<const KernelTextInfo> kernel_texts();

/// Equal jobs have equal texts: `index[i]` is the place of job i's in `texts`, where each has one text a kind, in their order; empty where
/// the kind is for GPUs and the job is not.
struct KernelTextSet {
  std::vector<std::vector<std::string>> texts;
  std::vector<size_t> index;
};
/// Each distinct job is lowered once, in a worker process. Fails as compile_kernels() does.
Result<KernelTextSet> texts_of(std::span<const KernelJob> jobs, std::span<const KernelText> kinds, const KernelOptions& options);

}  // namespace resnetc::codegen
