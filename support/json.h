/// \file What LLVM's JSON library leaves to its callers.
#pragma once

#include <llvm/Support/JSON.h>

#include <string>
#include <string_view>

namespace resnetc {

/// A JSON string; bytes that are no UTF-8 are replaced.
llvm::json::Value json_string(std::string_view s);
/// Indented, with a newline at the end.
std::string json_text(const llvm::json::Value& value);

/// Whether arrays and objects lie more than `limit` deep in one another. LLVM's parser recurses: its input must not choose how deep.
bool nested_too_deep(std::string_view json, int limit);

}  // namespace resnetc
