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

}  // namespace resnetc
