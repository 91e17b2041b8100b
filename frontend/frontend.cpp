/// \file The front end's steps, one after the other.
#include "frontend/frontend.h"

#include <fmt/format.h>

#include "frontend/elaborate.h"
#include "frontend/load.h"
#include "frontend/messages.h"

namespace resnetc {

std::optional<topology::Network> load_network(const std::string& path, const FrontendOptions& options, Diagnostics& diagnostics,
                                              std::vector<std::string>* files) {
  Result<std::string> text = read_source(path, options);
  if (!text) {
    diagnostics.error({}, fmt::format(message::cannot_read, path, text.failure().text));
    return std::nullopt;
  }
  if (files) files->push_back(path);
  return parse_network(path, std::move(*text), options, diagnostics, files);
}

std::optional<topology::Network> parse_network(const std::string& name, std::string text, const FrontendOptions& options,
                                               Diagnostics& diagnostics, std::vector<std::string>* files) {
  const size_t before = diagnostics.error_count();
  const LoadedFiles loaded = load_files(name, std::move(text), Wanted::network, options, diagnostics, files);
  if (diagnostics.error_count() != before) return std::nullopt;
  return elaborate(*loaded.files.front().tree.network, loaded.blocks, options, diagnostics);
}

}  // namespace resnetc
