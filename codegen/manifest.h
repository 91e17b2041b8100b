/// \file Makes the manifest when the weights' hash is known.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "codegen/library.h"

namespace resnetc::codegen {

/// `content_hash` is 0 unless the programs depend on the weights' values.
std::string manifest_json(std::span<const program::Program> programs, const LibraryOptions& options, uint64_t content_hash);

}  // namespace resnetc::codegen
