/// \file Reads models in ONNX's format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "import/model.h"
#include "support/failure.h"

namespace resnetc::importer {

/// The oldest version of ONNX's operators that is read.
inline constexpr int64_t oldest_opset = 7;

/// Reads the model in the file `path`. Tensors that it keeps in files of its own are looked for beside it, then in `folders`; a place that
/// leaves these folders is refused. Only dense tensors are read. A failure begins with the path. The file is untrusted: what is allocated
/// is at most in proportion to the files' sizes.
Result<Model> read_onnx(const std::string& path, const std::vector<std::string>& folders);

/// The same for bytes in memory (tests, fuzzing). Tensors in other files are looked for in `folders` only; without any they are refused.
Result<Model> read_onnx_bytes(std::string_view bytes, const std::vector<std::string>& folders);

}  // namespace resnetc::importer
