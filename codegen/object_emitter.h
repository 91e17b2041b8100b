/// \file Makes objects from LLVM modules, with the same bytes on every machine.
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

/// A target machine for position-independent code that every processor of the architecture can run, with a section for each function and
/// table.
Result<std::unique_ptr<llvm::TargetMachine>> baseline_machine(Architecture architecture);

/// Verifies the module and compiles it to an ELF relocatable object.
Result<std::string> emit_object(llvm::Module& module, llvm::TargetMachine& machine);

}  // namespace resnetc::codegen
