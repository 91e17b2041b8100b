/// \file Reads and parses a network's file and all the files that it uses.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "frontend/ast.h"
#include "frontend/elaborate.h"
#include "frontend/frontend.h"
#include "support/failure.h"

namespace resnetc {

struct SourceFile {
  FileId id = no_file;
  std::string path;  ///< under which it was found; diagnostics show it
  ast::File tree;
  std::vector<std::string> used;  ///< for each `use` of the tree, the path of its file; empty if it was not found
};

struct LoadedFiles {
  std::deque<SourceFile> files;  ///< the requested file is the first; references stay valid
  BlockTable blocks;             ///< of all files
};

/// What the loaded file must hold.
enum class Wanted {
  network,   ///< a network
  anything,  ///< a network or blocks
};

/// The text of a regular file of bounded size, from memory if `options` has it there.
Result<std::string> read_source(const std::string& path, const FrontendOptions& options);

/// Parses `text`, the text of the file `path`, then reads and parses the files that it uses, each once. Reports errors; the result is then
/// as complete as they allow. `files` (may be null) receives the path of every file that was read.
LoadedFiles load_files(const std::string& path, std::string text, Wanted wanted, const FrontendOptions& options, Diagnostics& diagnostics,
                       std::vector<std::string>* files = nullptr);

}  // namespace resnetc
