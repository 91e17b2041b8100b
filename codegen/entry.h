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
  std::vector<std::string> symbols;  ///< one argv entry a kernel
};

struct EntryOptions {
  Interface interface;
  std::string_view manifest;
  uint64_t recipe_hash = 0;
  uint64_t content_hash = 0;  ///< nonzero: only these weights
  std::string_view embedded;  ///< a whole weights file; empty: none
};

/// An ELF relocatable object for the programs' architecture, which is one, that refers to the kernels and to the runtime
/// (runtime/runtime.h).
Result<std::string> emit_entry(std::span<const EntryProgram> programs, const EntryOptions& options);

/// Whether the tables as LLVM lays them out for the architecture are those of runtime/model.h; the first difference otherwise.
std::optional<std::string> check_table_layout(Architecture architecture);

}  // namespace resnetc::codegen
