/// \file LLVM's code generator behind two functions.
#include "codegen/object_emitter.h"

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

std::unique_ptr<llvm::TargetMachine> baseline_machine(std::string& why) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, why);
  if (target == nullptr) return nullptr;
  llvm::TargetOptions options;
  options.FunctionSections = true;
  options.DataSections = true;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(triple, "x86-64", "", options, llvm::Reloc::PIC_));
  if (machine == nullptr) why = "LLVM has no x86-64 target";
  return machine;
}

std::optional<std::string> emit_object(llvm::Module& module, llvm::TargetMachine& machine, std::string& why) {
  llvm::raw_string_ostream reason(why);
  if (llvm::verifyModule(module, &reason)) return std::nullopt;
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, out, nullptr, llvm::CodeGenFileType::ObjectFile)) {
    why = "LLVM cannot write objects for x86-64";
    return std::nullopt;
  }
  passes.run(module);
  return std::string(bytes.data(), bytes.size());
}

}  // namespace resnetc::codegen
