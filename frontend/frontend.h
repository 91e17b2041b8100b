/// \file The front end's entry: from the text of a network to its topology.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ir/topology.h"
#include "support/diagnostics.h"

namespace resnetc {

/// The longest text that the front end takes.
inline constexpr size_t max_source_bytes = size_t{1} << 20;

struct FrontendOptions {
  std::vector<std::string> include_dirs;                    ///< `-I`, searched after the using file's own folder
  std::vector<std::string> installed_dirs;                  ///< the networks that come with resnetc, searched last
  std::vector<std::pair<std::string, int64_t>> parameters;  ///< `--set NAME=INT`
  /// Returns a text to take instead of the file on the disk, for example an editor's, or nothing to take the disk's. It is called for
  /// every path that a `use` may mean, also for files that do not exist. May be empty.
  std::function<std::optional<std::string>(const std::string& path)> text_in_memory;
};

/// Reads `path` and the files that it uses, and resolves names, parameters, `repeat` and `if`. infer-shapes adds types later.
/// Every error goes to `diagnostics`; after an error the result is empty. `files` (may be null) receives every file read, for a depfile.
std::optional<topology::Network> load_network(const std::string& path, const FrontendOptions& options, Diagnostics& diagnostics,
                                              std::vector<std::string>* files = nullptr);

/// The same for a text in memory, which diagnostics call `name`.
std::optional<topology::Network> parse_network(const std::string& name, std::string text, const FrontendOptions& options,
                                               Diagnostics& diagnostics, std::vector<std::string>* files = nullptr);

}  // namespace resnetc
