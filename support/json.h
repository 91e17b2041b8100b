/// \file What LLVM's JSON library leaves to its callers.
#pragma once

#include <string_view>

namespace resnetc {

/// Whether arrays and objects lie more than `limit` deep in one another. LLVM's parser recurses: its input must not choose how deep.
bool nested_too_deep(std::string_view json, int limit);

}  // namespace resnetc
