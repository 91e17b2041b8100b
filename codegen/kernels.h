/// \file Machine code for kernels: one object per distinct KernelSpec, made in worker processes (codegen/kernel_emitter.h) and kept in a
/// cache on disk.
///
/// Calling convention of a kernel's argv entry, `int SYMBOL_argv(void** args)`: args[0] points to the user context (a void*), then one
/// halide_buffer_t per operand: the input; the weights (conv2d); for each epilogue step its constants, in the order of the table of steps
/// (ir/step.h), then its operand, if it has one; then the output.
/// Arena tensors are buffers with the dimensions (c, x, y, n), and their host pointer points to element (0, 0, 0, 0), after the halo. Rank
/// 2 values have the extent 1 in x and y. A caller's buffer is (x, y, c, n) if it is planar, and (c, x, y, n) if it holds packed u8 or a
/// vector. Constants have one dimension. Only the extent of n is read at run time: every other extent and stride is compiled in. All loops
/// over tasks go through halide_do_par_for, and a task's scratch memory, program::scratch_bytes() at most, comes from halide_malloc; both
/// belong to the runtime. The only other function that a kernel calls is C's memset.
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
  int64_t cache_limit_bytes = int64_t{512} << 20;         ///< above this size, the least recently used entries are removed
  int jobs = 0;                                           ///< number of worker processes at once; 0: one for each processor
  std::function<void(size_t done, size_t all)> progress;  ///< may be empty; called from the calling thread
};

/// The result of compile_kernels(), which compiles equal jobs only once: one object for each distinct job. `index[i]` is the object of job
/// i. compile_kernels() fails only because of a bug or a full disk.
struct KernelSet {
  std::vector<KernelObject> objects;
  std::vector<size_t> index;
};
Result<KernelSet> compile_kernels(std::span<const KernelJob> jobs, const KernelOptions& options);

/// `$XDG_CACHE_HOME/resnetc`, or `~/.cache/resnetc`; empty if neither variable is set.
std::string default_cache_dir();

/// The text forms of a kernel, from its meaning to its machine code.
enum class KernelText { loops, conceptual_stmt, stmt, llvm, assembly, ptx };

/// One line of the table of text forms. --emit, the report of explain and the documentation take the names and descriptions from it.
struct KernelTextInfo {
  std::string_view name;       ///< name for --emit
  std::string_view title;      ///< title of a listing
  std::string_view extension;  ///< extension of the file, without the dot
  std::string_view file;       ///< name of the form, in words
  std::string_view description;
  KernelText kind;
  bool gpu_only = false;
};
std::span<const KernelTextInfo> kernel_texts();

/// Equal jobs share their texts. `index[i]` is the place of job i in `texts`. Each entry of `texts` has one text for each kind, in the
/// order of the kinds; the text is empty if the kind is only for GPUs and the job is not for a GPU.
struct KernelTextSet {
  std::vector<std::vector<std::string>> texts;
  std::vector<size_t> index;
};
/// Makes the texts. Each distinct job is lowered once, in a worker process. Fails like compile_kernels().
Result<KernelTextSet> texts_of(std::span<const KernelJob> jobs, std::span<const KernelText> kinds, const KernelOptions& options);

}  // namespace resnetc::codegen
