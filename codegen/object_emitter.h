/// \file From LLVM modules to objects, the same bytes on every machine.
#pragma once

#include <memory>
#include <string>

#include "ir/target.h"
#include "support/failure.h"

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace resnetc::codegen {

/// Position-independent code for any processor of the architecture, one section a function and a table.
Result<std::unique_ptr<llvm::TargetMachine>> baseline_machine(Architecture architecture);

/// Verifies the module and compiles it to an ELF relocatable object.
Result<std::string> emit_object(llvm::Module& module, llvm::TargetMachine& machine);

}  // namespace resnetc::codegen
