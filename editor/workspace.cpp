/// \file Finds the roots that a change concerns and analyses them again.
#include "editor/workspace.h"

#include <algorithm>

#include "editor/uri.h"
#include "frontend/parser.h"
#include "passes/pipeline.h"

namespace resnetc::editor {

const std::string& Root::file_of(FileId id) const {
  const auto found = canonical_.find(id);
  return found == canonical_.end() ? file : found->second;
}

ParsedText::ParsedText(std::string file, std::string text) : file(std::move(file)), text(std::move(text)), lines(this->text) {
  const FileId id = sources_.add(this->file, this->text);
  Diagnostics unread(sources_);  // not reported: the roots report the errors
  tree = parse_leniently(id, unread);
  symbols = index_symbols(tree);
}

void Workspace::changed(const std::string& file) {
  dirty_.insert(file);
  parsed_.clear();
}

void Workspace::all_changed() {
  all_dirty_ = true;
  parsed_.clear();
}

std::unique_ptr<Root> Workspace::analysed(const Document& document, Names elsewhere, const TextOf& text_of) const {
  auto root = std::make_unique<Root>();
  root->path = document.path;
  root->file = document.file;
  FrontendOptions options = options_;
  options.text_in_memory = [&](const std::string& path) {
    std::string file = canonical(path);
    std::optional<std::string> text = text_of(file);
    root->asked.insert(std::move(file));
    return text;
  };
  root->analysis = analyse(root->path, options, elsewhere, root->diagnostics);
  root->elsewhere = std::move(elsewhere);
  for (const SourceFile& source : root->analysis.loaded.files) {
    const auto [at, fresh] = root->files.emplace(canonical(source.path), &source);
    root->canonical_.emplace(source.id, at->first);
  }
  if (!root->analysis.network) return root;
  passes::PipelineContext context;
  context.diagnostics = &root->diagnostics;
  passes::AnyIr ir = *std::move(root->analysis.network);
  root->analysis.network.reset();
  passes::run_pipeline(ir, passes::Level::topology, context);
  root->network = std::get<topology::Network>(std::move(ir));
  return root;
}

/// The blocks that are visible to open networks which use the root's file.
Names Workspace::brought_along(const Root& root) const {
  Names names;
  if (root.has_network()) return names;
  for (const auto& [uri, other] : roots_) {
    if (!other->has_network() || !other->files.contains(root.file)) continue;
    for (const auto& [name, definition] : other->analysis.loaded.blocks) names.emplace(name);
  }
  for (const auto& [name, definition] : root.analysis.loaded.blocks) {
    if (const auto own = names.find(name); own != names.end()) names.erase(own);
  }
  return names;
}

void Workspace::settle() {
  if (dirty_.empty() && !all_dirty_) return;
  const TextOf text_of = [this](const std::string& file) -> std::optional<std::string> {
    const Document* document = documents_.holding(file);
    return document ? std::optional(document->text) : std::nullopt;
  };
  std::erase_if(roots_, [this](const auto& entry) { return documents_.find(entry.first) == nullptr; });
  for (const auto& [uri, document] : documents_.all()) {
    std::unique_ptr<Root>& root = roots_[uri];
    const bool rests_on_it =
        root && std::any_of(dirty_.begin(), dirty_.end(), [&](const auto& file) { return root->asked.contains(file); });
    if (all_dirty_ || !root || rests_on_it) root = analysed(document, root ? root->elsewhere : Names(), text_of);
  }
  for (auto& [uri, root] : roots_) {
    Names names = brought_along(*root);
    if (names != root->elsewhere) root = analysed(*documents_.find(uri), std::move(names), text_of);
  }
  dirty_.clear();
  all_dirty_ = false;
}

std::shared_ptr<const ParsedText> Workspace::parsed(const std::string& file) const {
  std::shared_ptr<const ParsedText>& known = parsed_[file];
  if (known) return known;
  const Document* document = documents_.holding(file);
  const std::string* text = document ? &document->text : nullptr;
  for (const auto& [uri, root] : roots_) {
    if (const auto found = root->files.find(file); !text && found != root->files.end()) text = &root->sources.text(found->second->id);
  }
  if (text) known = std::make_shared<const ParsedText>(file, *text);
  return known;
}

std::vector<std::string> Workspace::files() const {
  std::set<std::string> result;
  for (const auto& [uri, document] : documents_.all()) result.insert(document.file);
  for (const auto& [uri, root] : roots_) {
    for (const auto& [file, source] : root->files) result.insert(file);
  }
  return {result.begin(), result.end()};
}

std::string Workspace::uri(const std::string& file) const {
  const Document* document = documents_.holding(file);
  return document ? document->uri : uri_of(file);
}

std::set<std::string> Workspace::block_files(const std::string& file, std::string_view name) const {
  std::set<std::string> result;
  for (const auto& [uri, root] : roots_) {
    if (!root->files.contains(file)) continue;
    const BlockTable& blocks = root->analysis.loaded.blocks;
    if (const auto found = blocks.find(name); found != blocks.end()) result.insert(root->file_of(found->second->name.at.file));
  }
  if (!result.empty()) return result;
  // The compiler's tree is empty if the file has an invalid word.
  const std::shared_ptr<const ParsedText> text = parsed(file);
  for (size_t i = 0; text && i < text->tree.blocks.size(); ++i) {
    if (text->tree.blocks[i].name.text == name) result.insert(file);
  }
  return result;
}

std::map<std::string_view, const ast::Definition*> Workspace::blocks_in_sight(const std::string& file) const {
  std::map<std::string_view, const ast::Definition*> result;
  for (const auto& [uri, root] : roots_) {
    if (root->files.contains(file)) result.insert(root->analysis.loaded.blocks.begin(), root->analysis.loaded.blocks.end());
  }
  return result;
}

std::string Workspace::first_new_error(const std::map<std::string, std::string>& texts) const {
  const TextOf text_of = [&](const std::string& file) -> std::optional<std::string> {
    if (const auto found = texts.find(file); found != texts.end()) return found->second;
    const Document* document = documents_.holding(file);
    return document ? std::optional(document->text) : std::nullopt;
  };
  for (const auto& [uri, root] : roots_) {
    const std::unique_ptr<Root> after = analysed(*documents_.find(uri), root->elsewhere, text_of);
    if (after->diagnostics.error_count() <= root->diagnostics.error_count()) continue;
    std::set<std::string> known;
    for (const Diagnostic& d : root->diagnostics.all()) known.insert(d.text);
    for (const Diagnostic& d : after->diagnostics.all()) {
      if (!known.contains(d.text)) return d.text;
    }
    return after->diagnostics.all().back().text;
  }
  return {};
}

}  // namespace resnetc::editor
