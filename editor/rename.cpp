/// \file A rename is tried on copies of the texts first: every name must keep its meaning.
#include "editor/rename.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/lexer.h"
#include "frontend/messages.h"
#include "ir/op.h"

namespace resnetc::editor {

namespace {

using Edits = std::map<std::string, std::vector<Range>>;

Failure no_name(const ParsedText& text, size_t offset) {
  const Location at = text.lines.location(offset);
  const SymbolUse* use = text.symbols.used_at(at.line, at.column);
  if (use && use->kind == UseKind::in) return {ErrorCode::request_failed, "'in' is a word of the language and keeps its name"};
  if (use && use->kind == UseKind::callee && layer_named(use->text)) {
    return {ErrorCode::request_failed, fmt::format("'{}' is a layer of the language and keeps its name", use->text)};
  }
  if (use) return {ErrorCode::request_failed, fmt::format("it is not known what '{}' means here", use->text)};
  return {ErrorCode::request_failed, "there is no name here"};
}

std::string edited(const ParsedText& text, const std::vector<Range>& ranges, const std::string& name) {
  std::string result = text.text;
  for (auto range = ranges.rbegin(); range != ranges.rend(); ++range) {
    const size_t start = text.lines.offset(range->start);
    result.replace(start, text.lines.offset(range->end) - start, name);
  }
  return result;
}

/// Whether each name of one text means the same as in the other.
bool same_meanings(const Symbols& a, const Symbols& b) {
  const auto same_symbol = [](const Symbol& x, const Symbol& y) {
    return x.definitions.size() == y.definitions.size() && x.kind == y.kind;
  };
  const auto same_use = [](const SymbolUse& x, const SymbolUse& y) { return x.symbol == y.symbol && x.kind == y.kind; };
  return std::equal(a.symbols.begin(), a.symbols.end(), b.symbols.begin(), b.symbols.end(), same_symbol) &&
         std::equal(a.uses.begin(), a.uses.end(), b.uses.begin(), b.uses.end(), same_use);
}

/// The reason why `name` is not allowed; empty if it is.
std::string name_fault(const std::string& name) {
  Sources sources;
  Diagnostics diagnostics(sources);
  const std::vector<Token> tokens = lex(sources.add("", name), diagnostics);
  if (diagnostics.has_errors()) return diagnostics.all().front().text;
  const Token& word = tokens.front();
  if (word.kind == TokenKind::keyword && word.text == name) return fmt::format(message::reserved_word, name);
  if (word.kind == TokenKind::name && word.text == name) return {};
  return fmt::format("'{}' is not a name; names have letters, digits and '_', no digit first", name.substr(0, 60));
}

Failure refused(std::string text) { return {ErrorCode::request_failed, std::move(text)}; }

}  // namespace

std::variant<Range, Failure> renamable(const Workspace& workspace, const ParsedText& text, size_t offset) {
  if (meanings(workspace, text, offset).empty()) return no_name(text, offset);
  const Location at = text.lines.location(offset);
  if (const SymbolUse* use = text.symbols.used_at(at.line, at.column)) return text.lines.range(use->at);
  const Symbol* symbol = text.symbols.defined_at(at.line, at.column);
  for (const Location& definition : symbol->definitions) {
    if (covers(definition, at.line, at.column)) return text.lines.range(definition);
  }
  return no_name(text, offset);
}

std::variant<Edits, Failure> renamed(const Workspace& workspace, const ParsedText& text, size_t offset, const std::string& name) {
  const std::vector<Meaning> found = meanings(workspace, text, offset);
  if (found.empty()) return no_name(text, offset);
  if (const std::string fault = name_fault(name); !fault.empty()) return refused(fault);
  const Symbol& symbol = *found.front().symbol;
  if (symbol.kind == SymbolKind::block && layer_named(name)) return refused(fmt::format(message::block_named_as_layer, name));
  Edits edits;
  for (const Meaning& meaning : found) {
    for (const Place& place : occurrences(workspace, meaning, true)) edits[place.file].push_back(place.range);
  }
  std::map<std::string, std::string> texts;
  for (auto& [file, ranges] : edits) {
    std::sort(ranges.begin(), ranges.end());
    ranges.erase(std::unique(ranges.begin(), ranges.end()), ranges.end());
    const std::shared_ptr<const ParsedText> before = workspace.parsed(file);
    std::string after = edited(*before, ranges, name);
    if (!same_meanings(before->symbols, ParsedText(file, after).symbols)) {
      return refused(fmt::format("'{}' is already taken where '{}' is used; choose another name", name, symbol.name));
    }
    texts.emplace(file, std::move(after));
  }
  const std::string error = workspace.first_new_error(texts);
  if (!error.empty()) return refused(fmt::format("'{}' cannot be called '{}': {}", symbol.name, name, utf8(error)));
  return edits;
}

}  // namespace resnetc::editor
