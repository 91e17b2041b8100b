/// \file Recognises files that a user gives as a checkpoint although they have another format, and says how to make a checkpoint from them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace resnetc::codegen {

struct ForeignFile {
  std::string what;    ///< "a PyTorch checkpoint"
  std::string remedy;  ///< text of a note that says what to do: a sentence, or a line that introduces a few lines of Python
};

/// Recognises a file that is not in the safetensors format by its first and last bytes, or else by the ending of its name. Returns nothing
/// for an unknown file. Looks at a bounded part of `bytes`, which are untrusted. Thread-safe.
std::optional<ForeignFile> foreign_file(const std::string& path, std::string_view bytes);

}  // namespace resnetc::codegen
