/// \file LLVM's code generator behind two functions.
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

namespace resnetc::codegen {

std::unique_ptr<llvm::TargetMachine> baseline_machine(Architecture architecture, std::string& why) {
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
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, why);
  if (target == nullptr) return nullptr;
  llvm::TargetOptions options;
  options.FunctionSections = true;
  options.DataSections = true;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(triple, known.baseline, "", options, llvm::Reloc::PIC_));
  if (machine == nullptr) why = fmt::format("LLVM has no target {}", known.name);
  return machine;
}

std::optional<std::string> emit_object(llvm::Module& module, llvm::TargetMachine& machine, std::string& why) {
  llvm::raw_string_ostream reason(why);
  if (llvm::verifyModule(module, &reason)) return std::nullopt;
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, out, nullptr, llvm::CodeGenFileType::ObjectFile)) {
    why = fmt::format("LLVM cannot write objects for {}", machine.getTargetTriple().str());
    return std::nullopt;
  }
  passes.run(module);
  return std::string(bytes.data(), bytes.size());
}

}  // namespace resnetc::codegen
