/// \file Finds the name or statement at a place and describes it.
#include "editor/hover.h"

#include <fmt/format.h>

#include <algorithm>

#include "editor/copies.h"
#include "editor/navigation.h"
#include "frontend/arguments.h"

namespace resnetc::editor {

namespace {

using ast::Statement;
using ast::StatementKind;

std::string code(std::string_view text) { return fmt::format("```rn\n{}\n```\n", text); }

std::string signature(std::string_view name, std::span<const Slot> slots) {
  return slots.empty() ? std::string(name) : fmt::format("{}({})", name, shown(slots));
}

/// The innermost statement whose own range covers a place.
const Statement* statement_at(const std::vector<Statement>& list, Location at) {
  for (const Statement& s : list) {
    if (const Statement* inner = statement_at(s.body, at)) return inner;
    if (const Statement* inner = statement_at(s.otherwise, at)) return inner;
    if (covers(s.at, at.line, at.column)) return &s;
  }
  return nullptr;
}

const Statement* statement_at(const ast::File& tree, Location at) {
  for (const ast::Definition& block : tree.blocks) {
    if (const Statement* found = statement_at(block.body, at)) return found;
  }
  return tree.network ? statement_at(tree.network->body, at) : nullptr;
}

class Teller {
 public:
  Teller(const Workspace& workspace, const ParsedText& text, size_t offset)
      : workspace_(workspace), text_(text), offset_(offset), at_(text.lines.location(offset)) {}

  std::optional<Hover> run() {
    if (const Symbol* symbol = text_.symbols.defined_at(at_.line, at_.column)) {
      for (const Location& definition : symbol->definitions) {
        if (covers(definition, at_.line, at_.column)) return told(about(text_, *symbol), definition);
      }
    }
    if (const SymbolUse* use = text_.symbols.used_at(at_.line, at_.column)) return told(about(*use), use->at);
    const Statement* s = statement_at(text_.tree, at_);
    if (s && joins_or_goes_back(s->kind)) return told(copies(text_, *s), s->at);
    return std::nullopt;
  }

 private:
  static bool joins_or_goes_back(StatementKind kind) {
    return kind == StatementKind::skip || kind == StatementKind::concat || kind == StatementKind::gate || kind == StatementKind::from;
  }

  std::optional<Hover> told(std::string text, Location at) const {
    if (text.empty()) return std::nullopt;
    return Hover{std::move(text), text_.lines.range(at)};
  }

  std::string copies(const ParsedText& text, const Statement& s) const {
    return described_copies(workspace_, text.file, s.at) + parameters_round(text, s.at);
  }

  /// The values of the parameters of the block around a place, in the block's copies.
  std::string parameters_round(const ParsedText& text, Location at) const {
    std::string out;
    for (const ast::Definition& block : text.tree.blocks) {
      if (at < block.name.at || (block.end.known() && block.end < at)) continue;
      for (const ast::Parameter& parameter : block.parameters) {
        const std::string values = described_values(workspace_, text.file, parameter.name.at);
        if (!values.empty()) out += fmt::format("- `{}`: {}", parameter.name.text, values);
      }
    }
    return out;
  }

  /// A layer or block and the arguments that it takes.
  std::string callee(std::string_view name) const {
    if (const std::optional<OpKind> kind = layer_named(name))
      return code(signature(name, layer_slots(*kind))) + std::string(info(*kind).help) + "\n\n";
    const auto blocks = workspace_.blocks_in_sight(text_.file);
    const auto found = blocks.find(name);
    return found == blocks.end() ? "" : code("block " + signature(name, block_slots(*found->second)));
  }

  std::string call(const ParsedText& text, const Statement& s) const { return callee(s.name.text) + copies(text, s); }

  std::string about(const ParsedText& text, const Symbol& symbol) const {
    switch (symbol.kind) {
      case SymbolKind::network:
        return code("network " + signature(symbol.name, block_slots(*symbol.definition))) + described_total(workspace_, text.file);
      case SymbolKind::block:
        return code("block " + signature(symbol.name, block_slots(*symbol.definition))) +
               described_uses(workspace_, text.file, symbol.name);
      case SymbolKind::parameter:
      case SymbolKind::let: return integer(text, symbol);
      case SymbolKind::input: return fmt::format("the input `{}`: ", symbol.name) + described_total(workspace_, text.file);
      case SymbolKind::label: return call(text, *symbol.statement);
      case SymbolKind::stage:
      case SymbolKind::list: return copies(text, *symbol.statement);
      case SymbolKind::output: break;
    }
    return fmt::format("the output `{}`\n", symbol.name);
  }

  std::string integer(const ParsedText& text, const Symbol& symbol) const {
    std::string out = symbol.kind == SymbolKind::let
                          ? fmt::format("`let {}`\n\n", symbol.name)
                          : fmt::format("the parameter `{}` of `{}`\n\n", symbol.name, symbol.definition->name.text);
    for (const Location& at : symbol.definitions) out += described_values(workspace_, text.file, at);
    return out;
  }

  std::string about(const SymbolUse& use) const {
    switch (use.kind) {
      case UseKind::in: return copies(text_, *use.statement);
      case UseKind::callee: return call(text_, *use.statement);
      case UseKind::argument: return argument(use);
      case UseKind::value:
        if (use.symbol == no_symbol && is_word(use)) return callee(use.statement->name.text);
        break;
      case UseKind::source: break;
    }
    return use.symbol == no_symbol ? "" : about(text_, text_.symbols.symbols[use.symbol]);
  }

  /// Whether a name without a meaning of its own is a word that an argument of a layer takes.
  static bool is_word(const SymbolUse& use) {
    const std::optional<OpKind> kind = use.statement == nullptr ? std::nullopt : layer_named(use.statement->name.text);
    if (!kind) return false;
    const std::span<const Slot> slots = layer_slots(*kind);
    return std::any_of(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.word == use.text; });
  }

  std::string argument(const SymbolUse& use) const {
    const std::string_view name = use.statement->name.text;
    if (const std::optional<OpKind> kind = layer_named(name)) return callee(name);
    std::string out;
    for (const Meaning& meaning : meanings(workspace_, text_, offset_)) out += about(*meaning.text, *meaning.symbol);
    return out;
  }

  const Workspace& workspace_;
  const ParsedText& text_;
  size_t offset_;
  Location at_;
};

}  // namespace

std::optional<Hover> hover(const Workspace& workspace, const ParsedText& text, size_t offset) {
  return Teller(workspace, text, offset).run();
}

}  // namespace resnetc::editor
