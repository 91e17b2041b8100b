/// \file Functions for JSON that LLVM's library lacks.
#pragma once

#include <llvm/Support/JSON.h>

#include <string>
#include <string_view>

namespace resnetc {

/// A JSON string. Bytes that are no UTF-8 are replaced.
llvm::json::Value json_string(std::string_view s);
/// The value as indented text with a newline at the end.
std::string json_text(const llvm::json::Value& value);

/// Whether arrays and objects are nested more than `limit` deep. LLVM's parser recurses, and its input must not choose the depth.
bool nested_too_deep(std::string_view json, int limit);

}  // namespace resnetc
