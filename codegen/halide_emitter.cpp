/// \file The KernelEmitter that uses Halide. Halide reports errors by exceptions, which are caught here.
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cstdlib>
#include <fstream>
#include <map>

#include "codegen/cpu/build_kernel.h"
#include "codegen/cuda/build_kernel.h"
#include "codegen/kernel_emitter.h"

namespace Halide::Internal {
/// Prints the schedule as a nest of loops. Halide's library has this function, but Halide.h does not declare it.
std::string print_loop_nest(const std::vector<Function>& outputs);
}  // namespace Halide::Internal

namespace resnetc::codegen {

namespace {

/// The type of the file that Halide writes for a text. Halide writes all texts but loop nests itself.
Halide::OutputFileType file_type(KernelText kind) {
  switch (kind) {
    case KernelText::loops: break;
    case KernelText::conceptual_stmt: return Halide::OutputFileType::conceptual_stmt;
    case KernelText::stmt: return Halide::OutputFileType::stmt;
    case KernelText::llvm: return Halide::OutputFileType::llvm_assembly;
    case KernelText::assembly: return Halide::OutputFileType::assembly;
    case KernelText::ptx: return Halide::OutputFileType::device_code;
  }
  return Halide::OutputFileType::stmt;
}

/// Suppresses Halide's warning that kernels read outside their buffers' extents. They do, because they read halos, and users need not see
/// the warning.
class Quiet final : public Halide::CompileTimeErrorReporter {
 public:
  void warning(const char*) override {}
  void error(const char* message) override { throw Halide::CompileError(message); }
};

Result<> build(const KernelJob& job, common::Built& built) {
  switch (job.target->device) {
    case Device::cpu: return cpu::build_kernel(job.spec, *job.target, built);
    case Device::cuda: return cuda::build_kernel(job.spec, built);
  }
  return Failure{"no device"};
}

/// Halide hands the options in this variable to LLVM when a process first uses it.
constexpr const char* options_variable = "HL_LLVM_ARGS";

/// Options for LLVM: those that the user of this process gave, or ours. LLVM's SLP vectorizer is off: it searches for vectors in scalar
/// code, of which kernels have next to none, and took half of the time of kernels with large tiles (docs/decisions/0029-no-slp.md).
std::string llvm_options() {
  const char* given = std::getenv(options_variable);
  return given != nullptr ? given : "-vectorize-slp=false";
}

/// Builds and lowers the kernel and passes both to `use`.
template <class Use>
Result<> with_module(const KernelJob& job, const std::string& symbol, const std::string& options, Use use) {
  setenv(options_variable, options.c_str(), 1);  // a worker process has one thread
  static Quiet quiet;
  Halide::set_custom_compile_time_error_reporter(&quiet);
  try {
    if (!Halide::Target::validate_target_string(job.target->halide)) {
      return Failure{"'" + job.target->halide + "' is not a target that Halide knows"};
    }
    common::Built built;
    if (const Result<> made = build(job, built); !made) return made;
    Halide::Pipeline pipeline(built.output);
    for (const auto& pass : built.passes) pipeline.add_custom_lowering_pass(pass.get(), [] {});
    const Halide::Module module =
        pipeline.compile_to_module(built.arguments, symbol, Halide::Target(job.target->halide), Halide::LinkageType::ExternalPlusArgv);
    return use(built, module);
  } catch (const Halide::Error& error) {
    return Failure{error.what()};
  } catch (const std::exception& error) {
    return Failure{error.what()};
  }
}

/// A file without a name. Nothing of it remains, however this process ends.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("text", 0)) {}
  ~MemoryFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }
  std::string read() const {
    std::ifstream stream(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

 private:
  int descriptor_;
};

class HalideEmitter final : public KernelEmitter {
 public:
  std::string version() const override {
    return fmt::format("halide {}.{}.{} {}", HALIDE_VERSION_MAJOR, HALIDE_VERSION_MINOR, HALIDE_VERSION_PATCH, options_);
  }

  Result<> object(const KernelJob& job, const std::string& symbol, const std::string& path) const override {
    return with_module(job, symbol, options_, [&](const common::Built&, const Halide::Module& module) {
      module.compile({{Halide::OutputFileType::object, path}});
      return Result<>();
    });
  }

  Result<std::vector<std::string>> texts(const KernelJob& job, const std::string& symbol,
                                         std::span<const KernelText> kinds) const override {
    std::vector<std::string> texts;
    const Result<> made = with_module(job, symbol, options_, [&](const common::Built& built, const Halide::Module& module) {
      std::map<KernelText, MemoryFile> written;
      const bool gpu = job.target->on_gpu();
      std::map<Halide::OutputFileType, std::string> files;  // all files together, so that the code is generated once
      for (KernelText kind : kinds) {
        if (kind != KernelText::loops && (gpu || kind != KernelText::ptx)) files[file_type(kind)] = written[kind].path();
      }
      if (!files.empty()) module.compile(files);
      for (KernelText kind : kinds) {
        texts.push_back(kind == KernelText::loops ? Halide::Internal::print_loop_nest({built.output.function()}) : written[kind].read());
      }
      return Result<>();
    });
    if (!made) return made.failure();
    return texts;
  }

 private:
  std::string options_ = llvm_options();
};

}  // namespace

const KernelEmitter& halide_emitter() {
  static const HalideEmitter emitter;
  return emitter;
}

}  // namespace resnetc::codegen
