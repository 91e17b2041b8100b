/// \file Finds pieces of a network that are copies of a library's blocks (networks/blocks).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "import/network.h"
#include "import/templates.h"

namespace resnetc::importer {

/// How a piece calls a library's block.
struct LibraryCall {
  std::string block;      ///< its name
  std::string arguments;  ///< "(64, stride = 2)"; empty without any
};

/// The blocks of the files in the folder `blocks` of each installed folder.
class LibraryBlocks {
 public:
  explicit LibraryBlocks(const std::vector<std::string>& installed_dirs);
  ~LibraryBlocks();
  LibraryBlocks(const LibraryBlocks&) = delete;
  LibraryBlocks& operator=(const LibraryBlocks&) = delete;

  /// The names of the files, as `use` writes them: "blocks/basic.rn".
  const std::vector<std::string>& files() const;
  /// The call of a block of this file that makes the same layers as the piece; nothing if none does.
  std::optional<LibraryCall> call_for(size_t file, const Piece& piece, const Network& network);
  /// The names of all blocks of a file.
  std::vector<std::string> names(size_t file) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace resnetc::importer
