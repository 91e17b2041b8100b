/// \file `compile --emit`: writes a network at each level, and its kernels, as files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/lowering.h"

namespace resnetc::driver {

/// One line of the table of kinds; help and documentation come from it.
struct EmitKind {
  std::string_view name;
  std::string_view files;  ///< their names
  std::string_view description;
};
const std::vector<EmitKind>& emit_kinds();
/// The names, as a list in words.
std::string emit_names();

struct EmitOptions {
  std::vector<std::string> kinds;
  std::string only;  ///< the name of a layer, block, stage or edge; empty: all
  std::string directory, name;
  int jobs = 0;  ///< as KernelOptions'
};

/// Adds the paths to `written`. Fails if something could not be written.
Result<> emit(const EmitOptions& options, const Lowered& lowered, const Sources& sources, std::vector<std::string>& written);

}  // namespace resnetc::driver
