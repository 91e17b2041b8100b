/// \file The compiler's knowledge of every open file, kept up to date as texts change.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "editor/documents.h"
#include "frontend/analysis.h"
#include "frontend/symbols.h"

namespace resnetc::editor {

using Names = std::set<std::string, std::less<>>;

/// An open file with all files that it uses, as `resnetc check` would see it.
struct Root {
  std::string path;  ///< as diagnostics show it
  std::string file;  ///< canonical
  Sources sources;
  Diagnostics diagnostics{sources};
  Analysis analysis;
  std::optional<topology::Network> network;        ///< with the types that could be inferred; nothing if the front end found errors
  std::map<std::string, const SourceFile*> files;  ///< of the analysis, by canonical path
  Names asked;                                     ///< canonical paths of all files that it depends on, also of missing ones
  Names elsewhere;                                 ///< blocks that open networks define for it

  /// Whether it has a network, with or without errors.
  bool has_network() const { return !analysis.loaded.files.empty() && analysis.loaded.files.front().tree.network.has_value(); }
  const std::string& file_of(FileId id) const;  ///< the canonical path

 private:
  friend class Workspace;
  std::map<FileId, std::string> canonical_;
};

/// One file alone, parsed as far as possible.
struct ParsedText {
  std::string file;  ///< canonical
  std::string text;
  LineIndex lines;
  ast::File tree;
  Symbols symbols;

  ParsedText(std::string file, std::string text);
  ParsedText(const ParsedText&) = delete;
  ParsedText& operator=(const ParsedText&) = delete;

 private:
  Sources sources_;
};

class Workspace {
 public:
  explicit Workspace(FrontendOptions options) : options_(std::move(options)) {}
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  Documents& documents() { return documents_; }
  const Documents& documents() const { return documents_; }

  /// Records that a file, whose path is in canonical form, has another text, or was opened or closed.
  void changed(const std::string& file);
  /// Records that any file may have changed on the disk.
  void all_changed();
  /// Brings the roots up to date.
  void settle();

  /// The open files by their URI, as of the last settle().
  const std::map<std::string, std::unique_ptr<Root>>& roots() const { return roots_; }
  /// A file that is open or that an open file uses; null for any other.
  std::shared_ptr<const ParsedText> parsed(const std::string& file) const;
  /// The canonical paths of all open files and of all files that they use.
  std::vector<std::string> files() const;
  /// The URI under which the editor has a file open, or else the URI of its path.
  std::string uri(const std::string& file) const;
  /// The files that define the block `name` for a file: one for each open network that sees another definition.
  std::set<std::string> block_files(const std::string& file, std::string_view name) const;
  /// The names of all blocks in sight in a file, with their definitions.
  std::map<std::string_view, const ast::Definition*> blocks_in_sight(const std::string& file) const;

  /// The first error that the roots would newly have if some files (canonical paths) had these texts; empty if there is none.
  std::string first_new_error(const std::map<std::string, std::string>& texts) const;

 private:
  using TextOf = std::function<std::optional<std::string>(const std::string& file)>;
  std::unique_ptr<Root> analysed(const Document& document, Names elsewhere, const TextOf& text_of) const;
  Names brought_along(const Root& root) const;

  FrontendOptions options_;
  Documents documents_;
  std::map<std::string, std::unique_ptr<Root>> roots_;
  Names dirty_;  ///< canonical paths that have changed since settle()
  bool all_dirty_ = false;
  mutable std::map<std::string, std::shared_ptr<const ParsedText>> parsed_;  ///< by canonical path
};

}  // namespace resnetc::editor
