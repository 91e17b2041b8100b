/// \file A loaded library with the facts of its manifest and its functions, for run, verify and bench.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/library.h"
#include "ir/interpreter.h"
#include "runtime/runtime.h"
#include "support/diagnostics.h"
#include "support/mapped_file.h"

namespace resnetc::driver {

class LoadedLibrary {
 public:
  /// Null, and the reason in `diagnostics`, if the file is no library of resnetc or lacks a function.
  static std::unique_ptr<LoadedLibrary> open(const std::string& path, Diagnostics& diagnostics);
  ~LoadedLibrary();
  LoadedLibrary(const LoadedLibrary&) = delete;
  LoadedLibrary& operator=(const LoadedLibrary&) = delete;

  const codegen::LibraryFacts& facts() const { return facts_; }
  /// The command that makes the library's weights file, for messages.
  std::string pack_command() const;
  /// The facts of the program with this label, which the library's function selected_target() gives.
  const codegen::LibraryFacts::Target& target(std::string_view label) const;

  struct Functions {
    int32_t (*create)(const void*, size_t, const rn_options*, rn_context**);
    int32_t (*run)(rn_context*, const void*, size_t, void* const*, const size_t*, int32_t);
    void (*destroy)(rn_context*);
    const char* (*status_string)(int32_t);
    const char* (*selected_target)(const rn_context*);
    void (*set_observer)(rn_context*, rn_observer, void*);
  };
  const Functions& functions() const { return functions_; }

 private:
  LoadedLibrary() = default;
  std::string path_;
  codegen::LibraryFacts facts_;
  void* handle_ = nullptr;
  Functions functions_{};
};

/// A context with buffers for its outputs. The library must outlive it, and so must the weights unless they are copied.
class Session {
 public:
  struct Options {
    int batch = 1;
    int threads = 0;     ///< 0: one for each processor
    std::string target;  ///< a target's name, or a label; empty: the best
    bool verify_contents = false;
    std::string weights_path;  ///< for messages
    int device = 0;            ///< number of the GPU, if there are several
    bool keep_denormals = false;
    bool copy_weights = false;  ///< copies on a processor alone: see copied_weights()
  };
  /// `weights` may be empty: then the library must have its own. Fails when the library refuses.
  static Result<std::unique_ptr<Session>> create(const LoadedLibrary& library, std::string_view weights, const Options& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Whether the context has its own copy of the weights, in the processor's memory.
  bool copied_weights() const;
  std::string target() const { return library_.functions().selected_target(context_); }
  void observe(rn_observer observer, void* data) { library_.functions().set_observer(context_, observer, data); }
  /// Runs the whole batch. Fails if the library refuses.
  Result<> run(std::string_view input);
  std::span<const float> output(size_t index) const { return outputs_[index]; }

 private:
  Session(const LoadedLibrary& library, const Options& options);
  const LoadedLibrary& library_;
  rn_context* context_ = nullptr;
  int batch_;
  bool copy_weights_;
  std::vector<std::vector<float>> outputs_;
  std::vector<void*> pointers_;
  std::vector<size_t> sizes_;
};

/// The weights for a library: the named file, or NAME.weights beside the library. There is no file if the weights are embedded or the
/// library has no constants; `bytes` is then empty and `found` true.
struct Weights {
  std::string path;  ///< empty: none is read
  std::unique_ptr<MappedFile> file;
  std::string_view bytes;
  bool found = false;
};
/// Fails if a named file cannot be read; with no name and no file beside the library nothing is `found`.
Result<Weights> find_weights(const LoadedLibrary& library, const std::string& library_path, const std::string& named);

/// The elements of a picture and the layout of an input. append_input() turns planar values (ir/interpreter.h) into a library's bytes.
int64_t picture_elements(const codegen::LibraryFacts::Port& port);
void append_input(const codegen::LibraryFacts::Port& port, const Values& planar, std::string& bytes);

}  // namespace resnetc::driver
