/// \file A syntax tree to a topology: names, parameters, `let`, `repeat`, `if`, blocks and stages are resolved, weights get their names.
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

/// The values that the parameters and `let`s have in the copies of a network, by the place of their names.
using Values = std::map<Location, std::set<int64_t>>;

/// Work and result are bounded, whatever the counts in the text. Nothing after an error. `values` may be null.
std::optional<topology::Network> elaborate(const ast::Definition& network, const BlockTable& blocks, const FrontendOptions& options,
                                           Diagnostics& diagnostics, Values* values = nullptr);

/// Reports what is wrong with the blocks of a file whoever uses them: their parameters' values are unknown, and what depends on them is
/// passed over. Blocks called `elsewhere` may be used, though nothing is known of them: a block sees those of the file that uses it.
void check_blocks(const std::vector<ast::Definition>& definitions, const BlockTable& blocks,
                  const std::set<std::string, std::less<>>& elsewhere, Diagnostics& diagnostics);

}  // namespace resnetc
