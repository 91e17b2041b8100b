/// \file Files: reading a network and what it uses, once each.
#include <fmt/format.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <map>

#include "frontend/elaborate.h"
#include "frontend/frontend.h"
#include "frontend/messages.h"
#include "frontend/parser.h"

namespace resnetc {
namespace {

namespace fs = std::filesystem;

constexpr size_t max_files = 100;

/// The text of a regular file of bounded size; a device or a pipe could block or never end.
std::optional<std::string> read_file(const std::string& path, std::string& why) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    why = "there is no such file";
  } else if (error) {
    why = error.message();
  } else if (status.type() != fs::file_type::regular) {
    why = "it is not a regular file";
  }
  if (!why.empty()) return std::nullopt;
  std::ifstream stream(path, std::ios::binary);
  std::string text(max_source_bytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  if (!stream.is_open() || stream.bad()) {
    why = "it cannot be opened";
  } else if (text.size() > max_source_bytes) {
    why = fmt::format("it has more than {} bytes", max_source_bytes);
  } else if (const size_t nul = text.find('\0'); nul != std::string::npos) {
    why = fmt::format("it is not text: byte {} is zero", nul + 1);
  }
  if (!why.empty()) return std::nullopt;
  return text;
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

  /// The network's own file: shown and found under `path`.
  std::optional<topology::Network> run(const std::string& path, std::string text) {
    const size_t before = diagnostics_.error_count();
    if (text.size() > max_source_bytes) {
      diagnostics_.error({}, fmt::format(message::cannot_read, path, fmt::format("it has more than {} bytes", max_source_bytes)));
      return std::nullopt;
    }
    const FileId id = diagnostics_.sources().add(path, std::move(text));
    const ast::File& file = parse(id);
    if (diagnostics_.error_count() == before && !file.network) diagnostics_.error({id, 0, 0, 0}, fmt::format(message::no_network));
    state_[canonical(path)] = false;
    load_uses(file, path);
    collect_blocks();
    if (diagnostics_.error_count() != before || !file.network) return std::nullopt;
    return elaborate(*file.network, blocks_, options_, diagnostics_);
  }

 private:
  const ast::File& parse(FileId id) { return parsed_.emplace_back(parse_file(id, diagnostics_)); }

  void load_uses(const ast::File& file, const std::string& path) {
    for (const ast::Use& use : file.uses) {
      active_.push_back(use.at);
      load_use(use, path);
      active_.pop_back();
    }
  }

  void load_use(const ast::Use& use, const std::string& user) {
    std::vector<fs::path> folders = {fs::path(user).parent_path()};
    folders.insert(folders.end(), options_.include_dirs.begin(), options_.include_dirs.end());
    folders.insert(folders.end(), options_.installed_dirs.begin(), options_.installed_dirs.end());
    std::string looked;
    for (const fs::path& folder : folders) {
      const std::string path = (folder / fs::path(use.path)).lexically_normal().string();
      std::error_code error;
      if (fs::exists(path, error)) return load_file(use, path);
      looked += fmt::format("{}'{}'", looked.empty() ? "" : ", ", folder.empty() ? "." : folder.string());
    }
    diagnostics_.error(use.at, fmt::format(message::file_not_found, use.path, looked));
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
    std::string why;
    std::optional<std::string> text = read_file(path, why);
    if (!text) {
      diagnostics_.error(use.at, fmt::format(message::cannot_read, path, why));
      return;
    }
    if (files_) files_->push_back(path);
    const ast::File& file = parse(diagnostics_.sources().add(path, std::move(*text)));
    if (file.network) {
      diagnostics_.error(file.network->name.at, fmt::format(message::network_in_used_file, file.network->name.text))
          .note(use.at, message::used_here);
    }
    load_uses(file, path);
    found->second = true;
  }

  void report_cycle(const ast::Use& use) {
    Diagnostic& d = diagnostics_.error(use.at, fmt::format(message::use_cycle, use.path));
    for (size_t i = active_.size() - 1; i-- > 0;) d.note(active_[i], message::used_here);
  }

  void collect_blocks() {
    // The network's own file, which is the first, comes last: where a name clashes, it is the one that is easily changed.
    for (size_t i = 1; i <= parsed_.size(); ++i) {
      for (const ast::Definition& block : parsed_[i % parsed_.size()].blocks) {
        if (layer_named(block.name.text)) {
          diagnostics_.error(block.name.at, fmt::format(message::block_named_as_layer, block.name.text));
          continue;
        }
        const auto [found, fresh] = blocks_.emplace(block.name.text, &block);
        if (fresh) continue;
        diagnostics_.error(block.name.at, fmt::format(message::block_twice, block.name.text))
            .note(found->second->name.at, message::first_here);
      }
    }
  }

  const FrontendOptions& options_;
  Diagnostics& diagnostics_;
  std::vector<std::string>* files_;
  std::deque<ast::File> parsed_;       ///< the network's own first; references stay valid
  std::map<std::string, bool> state_;  ///< by canonical path: whether all it uses has been read
  std::vector<Location> active_;       ///< the uses being followed, outermost first
  BlockTable blocks_;
};

}  // namespace

std::optional<topology::Network> load_network(const std::string& path, const FrontendOptions& options, Diagnostics& diagnostics,
                                              std::vector<std::string>* files) {
  std::string why;
  std::optional<std::string> text = read_file(path, why);
  if (!text) {
    diagnostics.error({}, fmt::format(message::cannot_read, path, why));
    return std::nullopt;
  }
  if (files) files->push_back(path);
  return Loader(options, diagnostics, files).run(path, std::move(*text));
}

std::optional<topology::Network> parse_network(const std::string& name, std::string text, const FrontendOptions& options,
                                               Diagnostics& diagnostics, std::vector<std::string>* files) {
  return Loader(options, diagnostics, files).run(name, std::move(text));
}

}  // namespace resnetc
