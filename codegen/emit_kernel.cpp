/// \file Lowering a built pipeline. Halide reports through exceptions; they end here.
#include "codegen/emit_kernel.h"

#include <map>

#include "codegen/cpu/build_kernel.h"
#include "codegen/cuda/build_kernel.h"

namespace resnetc::codegen {

namespace {

Halide::OutputFileType file_type(KernelOutput output) {
  switch (output) {
    case KernelOutput::object: return Halide::OutputFileType::object;
    case KernelOutput::stmt: return Halide::OutputFileType::stmt;
    case KernelOutput::llvm: return Halide::OutputFileType::llvm_assembly;
    case KernelOutput::ptx: return Halide::OutputFileType::device_code;
    case KernelOutput::assembly: break;
  }
  return Halide::OutputFileType::assembly;
}

/// Kernels read halos, which lie outside their buffers' extents: Halide's warning about that is not for users.
class Quiet final : public Halide::CompileTimeErrorReporter {
 public:
  void warning(const char*) override {}
  void error(const char* message) override { throw Halide::CompileError(message); }
};

}  // namespace

bool emit_kernel(const KernelJob& job, const std::string& symbol, KernelOutput output, const std::string& path, std::string& why) {
  static Quiet quiet;
  Halide::set_custom_compile_time_error_reporter(&quiet);
  try {
    if (!Halide::Target::validate_target_string(job.target)) {
      why = "'" + job.target + "' is not a target that Halide knows";
      return false;
    }
    common::Built built;
    const bool made = program::is_gpu(job.target) ? cuda::build_kernel(job.spec, built, why) : cpu::build_kernel(job.spec, built, why);
    if (!made) return false;
    Halide::Pipeline pipeline(built.output);
    for (const auto& pass : built.passes) pipeline.add_custom_lowering_pass(pass.get(), [] {});
    Halide::Module module =
        pipeline.compile_to_module(built.arguments, symbol, Halide::Target(job.target), Halide::LinkageType::ExternalPlusArgv);
    module.compile({{file_type(output), path}});
    return true;
  } catch (const Halide::Error& error) {
    why = error.what();
  } catch (const std::exception& error) {
    why = error.what();
  }
  return false;
}

std::string halide_version() {
  return std::to_string(HALIDE_VERSION_MAJOR) + "." + std::to_string(HALIDE_VERSION_MINOR) + "." + std::to_string(HALIDE_VERSION_PATCH);
}

}  // namespace resnetc::codegen
