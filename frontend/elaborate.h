/// \file A syntax tree to a topology: names, parameters, `let`, `repeat`, `if`, blocks and stages are resolved, weights get their names.
#pragma once

#include <map>
#include <optional>
#include <string_view>

#include "frontend/ast.h"
#include "frontend/frontend.h"

namespace resnetc {

/// Every block in sight, by its name.
using BlockTable = std::map<std::string_view, const ast::Definition*>;

/// Work and result are bounded, whatever the counts in the text. Nothing after an error.
std::optional<topology::Network> elaborate(const ast::Definition& network, const BlockTable& blocks, const FrontendOptions& options,
                                           Diagnostics& diagnostics);

}  // namespace resnetc
