/// \file A network's file and all the files that it uses, read and parsed.
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
  std::string path;  ///< as it was found: what diagnostics show
  ast::File tree;
  std::vector<std::string> used;  ///< the path of the file that each `use` of the tree names; empty where it was not found
};

struct LoadedFiles {
  std::deque<SourceFile> files;  ///< the one asked for first; references stay valid
  BlockTable blocks;             ///< of all files
};

/// What the file that is loaded may be.
enum class Wanted {
  network,   ///< without a network it is wrong
  anything,  ///< blocks alone are fine
};

/// The text of a regular file of bounded size, from memory if `options` has it there.
Result<std::string> read_source(const std::string& path, const FrontendOptions& options);

/// Parses `text`, whose file is shown and found under `path`, then reads and parses what it uses, each file once. Mistakes are reported;
/// the result is then as complete as they allow. `files` (may be null) receives the path of every file that was read.
LoadedFiles load_files(const std::string& path, std::string text, Wanted wanted, const FrontendOptions& options, Diagnostics& diagnostics,
                       std::vector<std::string>* files = nullptr);

}  // namespace resnetc
