/// \file The front end's steps for a tool that shows as much as possible of any file.
#include "frontend/analysis.h"

#include <fmt/format.h>

#include "frontend/messages.h"

namespace resnetc {

Analysis analyse(const std::string& path, const FrontendOptions& options, const std::set<std::string, std::less<>>& elsewhere,
                 Diagnostics& diagnostics) {
  Analysis out;
  Result<std::string> text = read_source(path, options);
  if (!text) {
    diagnostics.error({}, fmt::format(message::cannot_read, path, text.failure().text));
    return out;
  }
  const size_t before = diagnostics.error_count();
  out.loaded = load_files(path, std::move(*text), Wanted::anything, options, diagnostics);
  if (diagnostics.error_count() != before) return out;
  const ast::File& tree = out.loaded.files.front().tree;
  if (tree.network) {
    out.network = elaborate(*tree.network, out.loaded.blocks, options, diagnostics, &out.values);
  } else {
    check_blocks(tree.blocks, out.loaded.blocks, elsewhere, diagnostics);
  }
  return out;
}

}  // namespace resnetc
