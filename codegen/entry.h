/// \file The generated object: the network's tables, its C functions and the manifest.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/interface.h"
#include "ir/program.h"
#include "support/failure.h"

namespace resnetc::codegen {

struct EntryProgram {
  const program::Program* program = nullptr;
  std::vector<std::string> symbols;  ///< one argv entry for each kernel
};

struct EntryOptions {
  Interface interface;
  std::string_view manifest;
  uint64_t recipe_hash = 0;
  uint64_t content_hash = 0;  ///< nonzero: the library takes only weights with this hash
  std::string_view embedded;  ///< a whole weights file; empty: no weights are embedded
};

/// Makes an ELF relocatable object that refers to the kernels and to the runtime (runtime/runtime.h). All programs must have the same
/// architecture, for which the object is.
Result<std::string> emit_entry(std::span<const EntryProgram> programs, const EntryOptions& options);

/// Compares the tables' layout in LLVM for the architecture with runtime/model.h. Returns the first difference, or nothing.
std::optional<std::string> check_table_layout(Architecture architecture);

}  // namespace resnetc::codegen
