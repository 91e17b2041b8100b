/// \file Finds symbols by names, and places by symbols.
#include "editor/navigation.h"

#include <algorithm>

#include "editor/uri.h"

namespace resnetc::editor {

namespace {

const Symbol* block_named(const ParsedText& text, std::string_view name) {
  for (const Symbol& symbol : text.symbols.symbols) {
    if (symbol.kind == SymbolKind::block && symbol.name == name) return &symbol;
  }
  return nullptr;
}

const Symbol* parameter_named(const ParsedText& text, const ast::Definition* definition, std::string_view name) {
  for (const Symbol& symbol : text.symbols.symbols) {
    if (symbol.kind == SymbolKind::parameter && symbol.definition == definition && symbol.name == name) return &symbol;
  }
  return nullptr;
}

/// The block that a call in `text` means, or one of its parameters.
std::vector<Meaning> in_blocks(const Workspace& workspace, const ParsedText& text, std::string_view block,
                               const std::string_view* parameter) {
  std::vector<Meaning> result;
  for (const std::string& file : workspace.block_files(text.file, block)) {
    std::shared_ptr<const ParsedText> other = workspace.parsed(file);
    const Symbol* symbol = other ? block_named(*other, block) : nullptr;
    if (symbol && parameter) symbol = parameter_named(*other, symbol->definition, *parameter);
    if (symbol) result.push_back({std::move(other), symbol});
  }
  return result;
}

/// The files that the `use` whose path covers a place refers to.
std::optional<std::vector<std::string>> used_files(const Workspace& workspace, const ParsedText& text, Location at) {
  std::string_view path;
  for (const ast::Use& use : text.tree.uses) {
    if (covers(use.at, at.line, at.column)) path = use.path;
  }
  if (path.empty()) return std::nullopt;
  std::vector<std::string> result;
  for (const auto& [uri, root] : workspace.roots()) {
    const auto found = root->files.find(text.file);
    if (found == root->files.end()) continue;
    const SourceFile& source = *found->second;
    for (size_t i = 0; i < source.used.size(); ++i) {
      if (source.tree.uses[i].path != path || source.used[i].empty()) continue;
      std::string file = canonical(source.used[i]);
      if (std::find(result.begin(), result.end(), file) == result.end()) result.push_back(std::move(file));
    }
  }
  return result;
}

}  // namespace

std::vector<Meaning> meanings(const Workspace& workspace, const ParsedText& text, size_t offset) {
  const Location at = text.lines.location(offset);
  const std::shared_ptr<const ParsedText> own = workspace.parsed(text.file);
  const Symbol* symbol = own->symbols.defined_at(at.line, at.column);
  const SymbolUse* use = symbol ? nullptr : own->symbols.used_at(at.line, at.column);
  if (use && use->kind == UseKind::callee) return in_blocks(workspace, text, use->text, nullptr);
  if (use && use->kind == UseKind::argument) return in_blocks(workspace, text, use->statement->name.text, &use->text);
  if (use && use->symbol != no_symbol) symbol = &own->symbols.symbols[use->symbol];
  if (!symbol) return {};
  return {{own, symbol}};
}

std::vector<Place> definitions(const Workspace& workspace, const ParsedText& text, size_t offset) {
  const Location at = text.lines.location(offset);
  std::vector<Place> result;
  if (const auto files = used_files(workspace, text, at)) {
    for (const std::string& file : *files) result.push_back({file, {}});
    return result;
  }
  for (const Meaning& meaning : meanings(workspace, text, offset)) {
    for (const Location& place : meaning.symbol->definitions) result.push_back({meaning.text->file, meaning.text->lines.range(place)});
  }
  const SymbolUse* use = text.symbols.used_at(at.line, at.column);
  if (use && use->kind == UseKind::in) result.push_back({text.file, text.lines.range(use->target)});
  return result;
}

std::vector<Place> occurrences(const Workspace& workspace, const Meaning& meaning, bool with_definitions) {
  const Symbol& symbol = *meaning.symbol;
  const bool block = symbol.kind == SymbolKind::block;
  const Symbol* owner = symbol.kind == SymbolKind::parameter ? block_named(*meaning.text, symbol.definition->name.text) : nullptr;
  const bool of_block = owner && owner->definition == symbol.definition;
  std::vector<Place> result;
  const auto add = [&](const ParsedText& text, Location at) { result.push_back({text.file, text.lines.range(at)}); };
  for (const Location& at : symbol.definitions) {
    if (with_definitions) add(*meaning.text, at);
  }
  const size_t index = static_cast<size_t>(meaning.symbol - meaning.text->symbols.symbols.data());
  for (const SymbolUse& use : meaning.text->symbols.uses) {
    if (use.symbol == index && !block) add(*meaning.text, use.at);
  }
  if (block || of_block) {
    const std::string_view name = block ? symbol.name : owner->name;
    for (const std::string& file : workspace.files()) {
      const std::shared_ptr<const ParsedText> text = workspace.parsed(file);
      if (!text || !workspace.block_files(file, name).contains(meaning.text->file)) continue;
      for (const SymbolUse& use : text->symbols.uses) {
        const bool here = block ? use.kind == UseKind::callee && use.text == name
                                : use.kind == UseKind::argument && use.text == symbol.name && use.statement->name.text == name;
        if (here) add(*text, use.at);
      }
    }
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

}  // namespace resnetc::editor
