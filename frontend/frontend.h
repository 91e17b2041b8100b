/// \file The front end's one entry: from the text of a network to its topology.
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
  /// The text of a file that is to be taken instead of what the disk holds, such as an editor's; nothing: the disk's. Asked for every path
  /// that a `use` may mean, whether there is such a file or not. May be empty.
  std::function<std::optional<std::string>(const std::string& path)> text_in_memory;
};

/// Reads `path` and what it uses, and resolves names, parameters, `repeat` and `if`. Types are left to infer-shapes.
/// Every error goes to `diagnostics`; with any, the result is empty. `files` (may be null) receives every file read, for a depfile.
std::optional<topology::Network> load_network(const std::string& path, const FrontendOptions& options, Diagnostics& diagnostics,
                                              std::vector<std::string>* files = nullptr);

/// The same for a text already in memory, shown as `name` in diagnostics.
std::optional<topology::Network> parse_network(const std::string& name, std::string text, const FrontendOptions& options,
                                               Diagnostics& diagnostics, std::vector<std::string>* files = nullptr);

}  // namespace resnetc
