/// \file All that the front end knows of a file, right or wrong, a network or blocks alone: for tools that show it.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "frontend/load.h"
#include "ir/topology.h"

namespace resnetc {

struct Analysis {
  LoadedFiles loaded;                        ///< empty where the file cannot be read
  std::optional<topology::Network> network;  ///< as load_network() yields it
  Values values;                             ///< of the network's copies
};

/// Reads `path` and what it uses. A network is resolved, with the errors that load_network() reports; the blocks of a file without one are
/// checked as far as they can be without a caller, who may bring blocks called `elsewhere` along.
Analysis analyse(const std::string& path, const FrontendOptions& options, const std::set<std::string, std::less<>>& elsewhere,
                 Diagnostics& diagnostics);

}  // namespace resnetc
