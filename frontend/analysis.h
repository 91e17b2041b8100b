/// \file All that the front end knows of a file, with or without errors, a network or only blocks: for tools that show it.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "frontend/load.h"
#include "ir/topology.h"

namespace resnetc {

struct Analysis {
  LoadedFiles loaded;                        ///< empty if the file cannot be read
  std::optional<topology::Network> network;  ///< the result of load_network()
  ValuesInCopies values;                     ///< in the network's copies
};

/// Reads `path` and the files that it uses. Resolves a network, with the errors that load_network() reports. Checks the blocks of a file
/// without a network as far as this is possible without a user of the blocks, who may define blocks called `elsewhere`.
Analysis analyse(const std::string& path, const FrontendOptions& options, const std::set<std::string, std::less<>>& elsewhere,
                 Diagnostics& diagnostics);

}  // namespace resnetc
