/// \file Two functions that use LLVM's code generator.
#include "codegen/object_emitter.h"

#include <fmt/format.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Triple.h>

#include <mutex>
#include <utility>

namespace resnetc::codegen {

Result<std::unique_ptr<llvm::TargetMachine>> baseline_machine(Architecture architecture) {
  static std::once_flag once;
  std::call_once(once, [] {
#define ARCHITECTURE(identifier, back_end, ...)                                                                     \
  LLVMInitialize##back_end##TargetInfo(), LLVMInitialize##back_end##Target(), LLVMInitialize##back_end##TargetMC(), \
      LLVMInitialize##back_end##AsmPrinter();
#include "ir/architectures.def"
#undef ARCHITECTURE
  });
  const ArchitectureInfo& known = info(architecture);
  llvm::Triple triple(llvm::StringRef(known.triple));
  std::string unknown;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, unknown);
  if (target == nullptr) return Failure{std::move(unknown)};
  llvm::TargetOptions options;
  options.FunctionSections = true;
  options.DataSections = true;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(triple, known.baseline, "", options, llvm::Reloc::PIC_));
  if (machine == nullptr) return Failure{fmt::format("LLVM has no target {}", known.name)};
  return machine;
}

Result<std::string> emit_object(llvm::Module& module, llvm::TargetMachine& machine) {
  std::string fault;
  llvm::raw_string_ostream stream(fault);
  if (llvm::verifyModule(module, &stream)) return Failure{std::move(fault), Blame::bug};
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, out, nullptr, llvm::CodeGenFileType::ObjectFile)) {
    return Failure{fmt::format("LLVM cannot write objects for {}", machine.getTargetTriple().str())};
  }
  passes.run(module);
  return std::string(bytes.data(), bytes.size());
}

}  // namespace resnetc::codegen
