/// \file Files that are given as a checkpoint and are none: what they are, and how a checkpoint is made of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace resnetc::codegen {

struct ForeignFile {
  std::string what;    ///< "a PyTorch checkpoint"
  std::string remedy;  ///< what to do, for a note: a sentence, or a line that introduces a few of Python
};

/// Tells a file that is not in the safetensors format by its first and last bytes, and where these say little by its name's ending. Nothing
/// for a file that it does not know. Looks at a bounded part of `bytes`, which are untrusted. Thread-safe.
std::optional<ForeignFile> foreign_file(const std::string& path, std::string_view bytes);

}  // namespace resnetc::codegen
