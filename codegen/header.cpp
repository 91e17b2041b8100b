/// \file The generated C header. It is C89, because every compiler and the bindings of every language must be able to read it.
#include <fmt/format.h>

#include "codegen/interface.h"
#include "codegen/library.h"
#include "runtime/runtime.h"

namespace resnetc::codegen {
namespace {

/// Replaces each `@` by the symbol prefix and each `$` by the macro prefix.
std::string expand(const Interface& interface, std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '@') {
      out += interface.name;
    } else if (c == '$') {
      out += interface.macro;
    } else {
      out += c;
    }
  }
  return out;
}

/// A name of the network for use in a comment, which the name must not end.
std::string comment_text(const std::string& name) {
  std::string out;
  for (char c : name) out += (c >= ' ' && c < 0x7f && c != '*' && c != '\\' && c != '?') ? c : '_';
  return out;
}

std::string shape_text(const Port& port) { return fmt::format("{}[batch, {}]", to_string(port.element), fmt::join(port.dims, ", ")); }

/// The C type of an element.
std::string_view c_type(ElementType element) {
  switch (element) {
    case ElementType::f32: return "float";
    case ElementType::u8: return "uint8_t";
    case ElementType::i8: return "int8_t";
    case ElementType::i32: return "int32_t";
    case ElementType::bf16:
    case ElementType::f16: return "uint16_t";
  }
  return "";
}

std::string input_text(const program::Program& program, const Port& port) {
  if (!is_normalised(program.input)) {
    return program.input.has_planes()
               ? fmt::format("32-bit floats, one {} a channel (batch, channel, {}), dense. The library does no normalisation.",
                             program.input.type.is_line() ? "row" : "plane", program.input.type.is_line() ? "place" : "row, column")
               : "32-bit floats (batch, feature), dense. The library does no normalisation.";
  }
  const auto shown = [&](const std::vector<double>& written, std::string_view otherwise) {
    return written.empty() ? std::string(otherwise) : fmt::format("({})", fmt::join(written, ", "));
  };
  return fmt::format(
      "bytes, packed pixels (batch, {}, channel), dense.\n *     The library normalises each of the {} channels: (value / 255 - "
      "mean) / std,\n *     mean = {},\n *     std = {}.",
      program.input.type.is_line() ? "place" : "row, column", port.dims.back(), shown(program.input.mean, "0"),
      shown(program.input.std, "1"));
}

constexpr std::string_view status_declarations = R"(
typedef enum @_status {
  $_OK = 0,
  $_BAD_ARGUMENT = 1,            /* a null pointer, a number out of range, or options of another version */
  $_BAD_INPUT_SIZE = 2,          /* input_bytes is not $_INPUT_BYTES * batch */
  $_BAD_OUTPUT_SIZE = 3,         /* an output's bytes are not its size for one picture * batch */
  $_BATCH_TOO_LARGE = 4,         /* more than max_batch; or max_batch is more than 32-bit indices allow */
  $_WEIGHTS_MISSING = 5,         /* no weights are given or embedded */
  $_WEIGHTS_MISALIGNED = 6,      /* without copy_weights they must start at a multiple of 64 bytes */
  $_WEIGHTS_MAGIC_WRONG = 7,     /* not a weights file */
  $_WEIGHTS_VERSION_WRONG = 8,   /* of another format version */
  $_WEIGHTS_NETWORK_WRONG = 9,   /* packed for another network, or another build of this one */
  $_WEIGHTS_SIZE_WRONG = 10,     /* truncated, or with bytes to spare */
  $_WEIGHTS_VALUES_WRONG = 11,   /* the library was specialised for other values and takes no others */
  $_WEIGHTS_CORRUPT = 12,        /* verify_contents: the values do not have the hash that the file states */
  $_NO_TARGET = 13,              /* this processor cannot run the requested target, or any of the library's */
  $_UNKNOWN_TARGET = 14,         /* the library has no target of that name */
  $_OUT_OF_MEMORY = 15,
  $_THREAD_FAILED = 16,          /* a thread could not be started */
  $_KERNEL_FAILED = 17,          /* a bug in resnetc */
  $_NO_DRIVER = 18,              /* no CUDA driver, or one that does not start or is too old for the library */
  $_NO_DEVICE = 19,              /* no GPU of that number */
  $_DEVICE_TOO_OLD = 20,         /* the GPU's compute capability is below 8.0 */
  $_OUT_OF_DEVICE_MEMORY = 21,
  $_DEVICE_FAILED = 22,          /* the GPU or its driver reported a failure */
  $_NOT_ON_DEVICE = 23,          /* run_device in a context that does not run on a GPU */
  $_AFTER_FORK = 24              /* the CUDA driver was started before this process was forked: see "Forks" */
} @_status;
)";

constexpr std::string_view type_declarations = R"(
typedef struct @_context @_context;

/* task(argument, i) must be called once for each i of 0 ... count - 1, in any order and on any threads, and all calls must have
 * returned before the function returns. */
typedef void (*@_parallel_for)(void *data, int32_t count, void (*task)(void *argument, int32_t index), void *argument);

/* Zero in any field but `size` means the default. Set all of it with $_OPTIONS_INIT, then change what you need. */
typedef struct @_options {
  size_t size;                    /* sizeof(@_options): tells the library which version the caller knows */
  int32_t max_batch;              /* the largest batch to run; default 1. See @_arena_bytes(). */
  int32_t threads;                /* default: one for each processor that affinity and control groups' CPU quotas leave this process;
                                     at most 1024. Results do not depend on it. */
  @_parallel_for parallel_for;    /* the caller's own threads instead of the context's; `threads` is then the count to split for */
  void *parallel_for_data;        /* its first argument */
  const char *target;             /* see @_create(); default: the environment variable RESNETC_TARGET, else any */
  int32_t verify_contents;        /* not 0: hash all weights, which reads all of them */
  int32_t device;                 /* for target "cuda": number of the GPU, from 0; ignored with a device_context */
  void *device_context;           /* for target "cuda": the caller's CUcontext, whose GPU it is; default: the primary context of `device` */
  int32_t keep_denormals;         /* not 0: see "Floats" above; ignored for target "cuda" */
  int32_t copy_weights;           /* not 0: see "Copied weights" above; copies nothing for target "cuda" */
} @_options;
#define $_OPTIONS_INIT { sizeof(@_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* For an observer, after each kernel: the value that the kernel made for `batch` pictures of the run, from `picture` on. Element (c, y, x)
 * of the n-th picture is data[n * stride_batch + c * stride_channel + y * stride_y + x * stride_x]; `data` is valid during the call. Where
 * data is NULL the value has other elements instead: `integers`, of which q means scale * (q - zero), or `bf16`, the upper halves of
 * floats. */
typedef struct @_observation {
  const char *name;
  double seconds;
  const float *data;
  int32_t kernel, kernel_count;
  int32_t picture, batch, channels, height, width, reserved;
  int64_t stride_batch, stride_channel, stride_y, stride_x;
  const uint8_t *integers;
  float scale;
  int32_t zero;
  const uint16_t *bf16;
} @_observation;
typedef void (*@_observer)(void *data, const @_observation *observation);
)";

constexpr std::string_view function_declarations = R"(
/* Makes a context. `weights` are the bytes of @.weights, best a read-only mapping of the file; they must start at a multiple of 64
 * bytes, stay unchanged and outlive the context (see "Copied weights" for the other way). They remain the caller's; any number of
 * contexts may share them. NULL and 0 for embedded weights, and for a network that has none. The file's header is checked in
 * microseconds, its contents only with verify_contents. `options` may be NULL. On failure *context is NULL and nothing is held.
 * The context takes the first of @_targets() that this machine can run: of "cuda" and of those whose schedules are for this processor,
 * as "avx512:icelake-server", then of the others. With options.target "avx512" it takes one of that target, with
 * "avx512:icelake-server" that one, and with "avx512:generic" the one without a processor's name. It takes another instead of "cuda" only
 * after $_NO_DRIVER, $_NO_DEVICE, $_DEVICE_TOO_OLD or $_OUT_OF_DEVICE_MEMORY, and only if `device` is 0 and `device_context` is not
 * given. Otherwise, and after any other failure, @_create() returns the status. */
@_status @_create(const void *weights, size_t weights_bytes, const @_options *options, @_context **context);

/* Stops and joins the context's threads and frees the context, in which this process must have no run. NULL is allowed. */
void @_destroy(@_context *context);

/* The same with the outputs as arrays of pointers and sizes, in order. */
@_status @_run_outputs(@_context *context, const void *input, size_t input_bytes, void *const *outputs, const size_t *outputs_bytes,
    int32_t batch);

/* English text for a status, never NULL. Static. */
const char *@_status_string(@_status status);

/* The target that a context runs on, one of @_targets(). Static. */
const char *@_selected_target(const @_context *context);

/* The library's instruction sets, each with a colon and the processor that its schedules are for, if they are for one, and "cuda" for a
 * GPU; best first, with commas between. @_create() says which of them a context takes. Static. */
const char *@_targets(void);

/* The number of threads of a run; 1 in a child that inherited the context. */
int32_t @_thread_count(const @_context *context);

/* Lets runs call `observer` after each kernel, on the calling thread; NULL ends that. Must not be called during a run. While there is an
 * observer, all threads together compute one picture after the other. */
void @_set_observer(@_context *context, @_observer observer, void *data);

/* The most bytes of working memory that a context for this batch holds. */
size_t @_arena_bytes(int32_t max_batch);

/* The manifest, JSON (also @.json). Static. */
const char *@_manifest(void);

/* $_ABI_VERSION of the library, to compare with the header's. */
uint32_t @_abi_version(void);
)";

}  // namespace

std::string header(const program::Program& program, const std::string& name, bool gpu) {
  const Interface interface = interface_of(program, name);
  std::string out =
      fmt::format("/* {}: the network \"{}\", compiled by resnetc. Generated; C89 and C++.\n *\n", name, comment_text(program.name));
  out += fmt::format(" * Input \"{}\": {}\n *     {}\n", comment_text(interface.input.name), shape_text(interface.input),
                     input_text(program, interface.input));
  for (const Port& port : interface.outputs) {
    out += fmt::format(" * Output \"{}\": {}\n *     32-bit floats, dense.\n", comment_text(port.name), shape_text(port));
  }
  out += expand(interface, R"( *
 * Threads: functions without a context may be called at any time from any thread. Different contexts share nothing and may run at
 * the same time; one context serves one thread at a time. Before the library is unloaded every context must be destroyed.
 *
 * Floats: on the processor a run takes denormal operands and results (below 1.2e-38) for zero, because each costs about a hundred cycles;
 * options.keep_denormals keeps them. A run rounds to nearest and traps no exceptions. The calling thread has its own mode, and the
 * exceptions that it had noted, when the run returns and while an observer or parallel_for is called. A GPU always keeps denormals.
 * The weights file has none unless it was packed with --keep-denormals.
 *
 * Copied weights: with options.copy_weights the context copies its weights into memory of its own, in large pages where the system has
 * them. Runs on the processor are then faster if their weights come from memory and not from a cache. The caller's weights may start at
 * any address. They need neither outlive the context nor stay unchanged after @_create() has returned. Each such context holds as many
 * bytes more as its weights have. A context on a GPU has its weights in the GPU's memory with and without the option.
 *
 * Forks: in a child made by fork(), all functions work on contexts that the child creates. A context that it inherits can be run and
 * destroyed there, even if another thread was running it at the moment of the fork. The calling thread then does all the work:
 * @_thread_count() is 1, a parallel_for is not called, and the results are the same. The child must not use a context that another
 * thread was just creating, destroying or giving an observer. A child that an observer or a parallel_for makes must not return from
 * it. The CUDA driver works only in the process that started it. So a run of a context on a GPU returns $_AFTER_FORK in the child, and
 * so does creating one if the parent has created one before. An inherited context on a GPU can be destroyed. */
#ifndef $_H
#define $_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

)");
  out += fmt::format("#define {}_ABI_VERSION {}\n\n/* Sizes for one picture. */\n", interface.macro, RN_ABI_VERSION);
  out += fmt::format("#define {}_INPUT_BYTES {}\n", interface.macro, interface.input.picture_bytes);
  for (const Port& port : interface.outputs) {
    out += fmt::format("#define {}_OUTPUT_BYTES_{} {}\n", interface.macro, port.c_name, port.picture_bytes);
  }
  out += "/* The same by number, in the order in which the functions take the outputs, for code that does not know their names. */\n";
  for (size_t i = 0; i < interface.outputs.size(); ++i) {
    const Port& port = interface.outputs[i];
    out += fmt::format("#define {0}_OUTPUT_BYTES_{1} {0}_OUTPUT_BYTES_{2}\n", interface.macro, i, port.c_name);
  }
  out += fmt::format("size_t {}_input_bytes(void);\n", name);
  for (const Port& port : interface.outputs) out += fmt::format("size_t {}_output_bytes_{}(void);\n", name, port.c_name);
  out += expand(interface, status_declarations);
  out += expand(interface, type_declarations);
  out += expand(interface, R"(
/* Runs `batch` pictures, 1 to the context's max_batch. Sizes are in bytes and must be exact. The buffers are the caller's; the library
 * keeps no pointer to them. Allocates nothing. After a failure the outputs are undefined and the context stays usable. After
 * $_DEVICE_FAILED it can only be destroyed, because the CUDA driver runs nothing more in the CUcontext. */
)");
  out += fmt::format("{0}_status {0}_run({0}_context *context,\n    const {1} *{2}, size_t {2}_bytes,\n", name,
                     c_type(interface.input.element), interface.input.c_name);
  for (const Port& port : interface.outputs) out += fmt::format("    {0} *{1}, size_t {1}_bytes,\n", c_type(port.element), port.c_name);
  out += "    int32_t batch);\n";
  if (gpu) {
    out += expand(interface, R"(
/* The same with all buffers in the memory of the context's GPU, aligned as float or uint8_t. The kernels are queued on `stream`, a CUstream
 * of the context's CUcontext (NULL: its default stream), and the function returns: wait for the stream before you use the outputs, change the
 * input, run again in this context on another stream, or destroy it. $_NOT_ON_DEVICE unless the context runs on "cuda". */
)");
    out += fmt::format("{0}_status {0}_run_device({0}_context *context,\n    const {1} *{2}, size_t {2}_bytes,\n", name,
                       c_type(interface.input.element), interface.input.c_name);
    for (const Port& port : interface.outputs) out += fmt::format("    {0} *{1}, size_t {1}_bytes,\n", c_type(port.element), port.c_name);
    out += "    void *stream, int32_t batch);\n";
  }
  out += expand(interface, function_declarations);
  out += "\n#ifdef __cplusplus\n}\n#endif\n#endif\n";
  return out;
}

}  // namespace resnetc::codegen
