/// \file Reads the files of a network and of what it uses, each once.
#include "frontend/load.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>

#include "frontend/messages.h"
#include "frontend/parser.h"
#include "ir/forms/text_kind.h"
#include "support/files.h"

namespace resnetc {
namespace {

namespace fs = std::filesystem;

constexpr size_t max_files = 100;

/// The bytes of a regular file. If the file is too long, the result has one byte more than the limit.
Result<std::string> read_bytes(const std::string& path) {
  if (std::string fault = unreadable(path); !fault.empty()) return Failure{std::move(fault)};
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::string text(max_source_bytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  if (!stream.is_open() || stream.bad()) return Failure{reason_of_errno()};
  return text;
}

std::optional<std::string> text_in_memory(const std::string& path, const FrontendOptions& options) {
  return options.text_in_memory ? options.text_in_memory(path) : std::nullopt;
}

std::string canonical(const std::string& path) {
  std::error_code error;
  const fs::path result = fs::weakly_canonical(path, error);
  return error ? path : result.string();
}

class Loader {
 public:
  Loader(const FrontendOptions& options, Diagnostics& diagnostics, std::vector<std::string>* files)
      : options_(options), diagnostics_(diagnostics), files_(files) {}

  LoadedFiles run(const std::string& path, std::string text, Wanted wanted) {
    const size_t before = diagnostics_.error_count();
    if (text.size() > max_source_bytes) {
      diagnostics_.error({}, fmt::format(message::cannot_read, path, fmt::format("it has more than {} bytes", max_source_bytes)));
      return {};
    }
    SourceFile& file = parse(path, std::move(text));
    if (wanted == Wanted::network && diagnostics_.error_count() == before && !file.tree.network) {
      diagnostics_.error({file.id, 0, 0, 0}, fmt::format(message::no_network));
    }
    state_[canonical(path)] = false;
    load_uses(file);
    collect_blocks();
    return std::move(loaded_);
  }

 private:
  SourceFile& parse(const std::string& path, std::string text) {
    const FileId id = diagnostics_.sources().add(path, std::move(text));
    return loaded_.files.emplace_back(SourceFile{id, path, parse_file(id, diagnostics_), {}});
  }

  void load_uses(SourceFile& file) {
    for (const ast::Use& use : file.tree.uses) {
      active_.push_back(use.at);
      file.used.push_back(find(use, file.path));
      if (!file.used.back().empty()) load_file(use, file.used.back());
      active_.pop_back();
    }
  }

  /// The path of the file that `use` names. If there is no such file, reports that and returns an empty path.
  std::string find(const ast::Use& use, const std::string& user) {
    std::vector<fs::path> folders = {fs::path(user).parent_path()};
    folders.insert(folders.end(), options_.include_dirs.begin(), options_.include_dirs.end());
    folders.insert(folders.end(), options_.installed_dirs.begin(), options_.installed_dirs.end());
    std::string looked;
    for (const fs::path& folder : folders) {
      std::string path = (folder / fs::path(use.path)).lexically_normal().string();
      std::error_code error;
      if (text_in_memory(path, options_) || fs::exists(path, error)) return path;
      looked += fmt::format("{}'{}'", looked.empty() ? "" : ", ", folder.empty() ? "." : folder.string());
    }
    diagnostics_.error(use.at, fmt::format(message::file_not_found, use.path, looked));
    return {};
  }

  void load_file(const ast::Use& use, const std::string& path) {
    const auto [found, fresh] = state_.emplace(canonical(path), false);
    if (!fresh) {
      if (!found->second) report_cycle(use);
      return;
    }
    if (state_.size() > max_files) {
      if (state_.size() == max_files + 1) diagnostics_.error(use.at, fmt::format(message::too_many_files, max_files));
      return;
    }
    Result<std::string> text = read_source(path, options_);
    if (!text) {
      diagnostics_.error(use.at, fmt::format(message::cannot_read, path, text.failure().text));
      return;
    }
    if (files_) files_->push_back(path);
    SourceFile& file = parse(path, std::move(*text));
    if (const auto& network = file.tree.network) {
      diagnostics_.error(network->name.at, fmt::format(message::network_in_used_file, network->name.text)).note(use.at, message::used_here);
    }
    load_uses(file);
    found->second = true;
  }

  void report_cycle(const ast::Use& use) {
    Diagnostic& d = diagnostics_.error(use.at, fmt::format(message::use_cycle, use.path));
    for (size_t i = active_.size() - 1; i-- > 0;) d.note(active_[i], message::used_here);
  }

  void collect_blocks() {
    // The network's own file, which is the first, comes last: if names clash, its names are the easiest to change.
    const std::deque<SourceFile>& files = loaded_.files;
    for (size_t i = 1; i <= files.size(); ++i) {
      for (const ast::Definition& block : files[i % files.size()].tree.blocks) {
        if (layer_named(block.name.text)) {
          diagnostics_.error(block.name.at, fmt::format(message::block_named_as_layer, block.name.text));
          continue;
        }
        const auto [found, fresh] = loaded_.blocks.emplace(block.name.text, &block);
        if (fresh) continue;
        diagnostics_.error(block.name.at, fmt::format(message::block_twice, block.name.text))
            .note(found->second->name.at, message::first_here);
      }
    }
  }

  const FrontendOptions& options_;
  Diagnostics& diagnostics_;
  std::vector<std::string>* files_;
  LoadedFiles loaded_;
  std::map<std::string, bool> state_;  ///< by canonical path: whether all it uses has been read
  std::vector<Location> active_;       ///< the uses being followed, outermost first
};

}  // namespace

Result<std::string> read_source(const std::string& path, const FrontendOptions& options) {
  std::optional<std::string> in_memory = text_in_memory(path, options);
  Result<std::string> text = in_memory ? Result(std::move(*in_memory)) : read_bytes(path);
  if (!text) return text;
  if (text->size() > max_source_bytes) {
    const text::Beginning beginning = text::beginning_of(*text);
    if (beginning.is_other_than(text::Kind::network)) return Failure{text::misplaced(beginning, "a network's text")};
    return Failure{fmt::format("it has more than {} bytes", max_source_bytes), Blame::limit};
  }
  if (const size_t nul = text->find('\0'); nul != std::string::npos) {
    return Failure{fmt::format("it is not text: byte {} is zero", nul + 1)};
  }
  return text;
}

LoadedFiles load_files(const std::string& path, std::string text, Wanted wanted, const FrontendOptions& options, Diagnostics& diagnostics,
                       std::vector<std::string>* files) {
  return Loader(options, diagnostics, files).run(path, std::move(text), wanted);
}

}  // namespace resnetc
