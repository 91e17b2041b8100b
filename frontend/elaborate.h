/// \file Makes a topology of a syntax tree: resolves names, parameters, `let`, `repeat`, `if`, blocks and stages, and names weights.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "frontend/ast.h"
#include "frontend/frontend.h"

namespace resnetc {

/// Every block in sight, by its name.
using BlockTable = std::map<std::string_view, const ast::Definition*>;

/// The values of the parameters and `let`s in the copies of a network, by the place of their names.
using ValuesInCopies = std::map<Location, std::set<int64_t>>;

/// The topology of a network; nothing after an error. Work and result are bounded for all counts in the text. `values` may be null.
std::optional<topology::Network> elaborate(const ast::Definition& network, const BlockTable& blocks, const FrontendOptions& options,
                                           Diagnostics& diagnostics, ValuesInCopies* values = nullptr);

/// Reports the errors in the blocks of a file that do not depend on their users. The values of parameters are unknown, and what depends on
/// them is not checked. The blocks may use unknown blocks called `elsewhere`: a block sees the blocks of the file that uses it.
void check_blocks(const std::vector<ast::Definition>& definitions, const BlockTable& blocks,
                  const std::set<std::string, std::less<>>& elsewhere, Diagnostics& diagnostics);

}  // namespace resnetc
