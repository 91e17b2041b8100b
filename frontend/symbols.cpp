/// \file Walks the tree once, in the order in which the compiler resolves names.
#include "frontend/symbols.h"

#include <map>
#include <tuple>

namespace resnetc {
namespace {

using ast::Statement;
using ast::StatementKind;

/// The spaces of names. Labels and integers have separate names, so `width` may be both.
enum class Space { values, labels, outputs, blocks, networks };

Space space_of(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::parameter:
    case SymbolKind::let: return Space::values;
    case SymbolKind::input:
    case SymbolKind::label:
    case SymbolKind::stage:
    case SymbolKind::list: return Space::labels;
    case SymbolKind::output: return Space::outputs;
    case SymbolKind::network: return Space::networks;
    case SymbolKind::block: break;
  }
  return Space::blocks;
}

class Indexer {
 public:
  Symbols run(const ast::File& file) {
    scope_ = open({}, {}, nullptr, no_symbol);
    for (const ast::Definition& block : file.blocks) define(SymbolKind::block, block.name, nullptr, &block);
    if (file.network) define(SymbolKind::network, file.network->name, nullptr, &*file.network);
    for (const ast::Definition& block : file.blocks) definition(block);
    if (file.network) definition(*file.network);
    return std::move(out_);
  }

 private:
  size_t open(Location begin, Location end, const ast::Definition* definition, size_t parent) {
    out_.scopes.push_back({parent, begin, end, definition});
    return out_.scopes.size() - 1;
  }

  void define(SymbolKind kind, const ast::Name& name, const Statement* statement, const ast::Definition* definition) {
    if (!name.at.known() || name.quoted) return;  // the text ends before the name, or it names no value
    const auto [found, fresh] = table_.emplace(std::tuple(scope_, space_of(kind), name.text), out_.symbols.size());
    if (fresh) out_.symbols.push_back({kind, name.text, {}, scope_, definition, statement});
    out_.symbols[found->second].definitions.push_back(name.at);
  }

  size_t find(Space space, std::string_view name) const {
    for (size_t scope = scope_; scope != no_symbol; scope = out_.scopes[scope].parent) {
      if (const auto found = table_.find(std::tuple(scope, space, name)); found != table_.end()) return found->second;
    }
    return no_symbol;
  }

  void use(UseKind kind, std::string_view text, Location at, size_t symbol, const Statement* statement) {
    const Location target = symbol == no_symbol ? Location{} : out_.symbols[symbol].definitions.front();
    out_.uses.push_back({kind, text, at, symbol, target, statement});
  }

  void expr(const ast::Expr& expr, const Statement* statement) {
    for (const ast::ExprItem& item : expr.postfix) {
      if (item.kind == ast::ExprKind::name) use(UseKind::value, item.text, item.at, find(Space::values, item.text), statement);
    }
  }

  void definition(const ast::Definition& definition) {
    definition_ = &definition;
    in_ = definition.name.at;
    scope_ = open(definition.name.at, definition.end, &definition, no_symbol);
    for (const ast::Parameter& parameter : definition.parameters) {
      if (parameter.value) expr(*parameter.value, nullptr);
      define(SymbolKind::parameter, parameter.name, nullptr, &definition);
    }
    statements(definition.body);
  }

  void statements(const std::vector<Statement>& list) {
    for (const Statement& s : list) statement(s);
  }

  /// Visits the statement's contents in a new scope, where `in` means what stands at `in`.
  void inside(const Statement& s, Location in) {
    const size_t outer = scope_;
    const Location outer_in = in_;
    scope_ = open(s.at, s.end, definition_, outer);
    in_ = in;
    statements(s.body);
    scope_ = outer;
    in_ = outer_in;
  }

  void source(const Statement& s) {
    if (!s.source || !s.source->at.known()) return;
    if (s.source->text == "in") {
      out_.uses.push_back({UseKind::in, s.source->text, s.source->at, no_symbol, in_, &s});
    } else {
      use(UseKind::source, s.source->text, s.source->at, find(Space::labels, s.source->text), &s);
    }
  }

  void call(const Statement& s) {
    if (s.name.at.known()) {
      const auto found = table_.find(std::tuple(size_t{0}, Space::blocks, s.name.text));
      use(UseKind::callee, s.name.text, s.name.at, found != table_.end() ? found->second : no_symbol, &s);
    }
    for (const ast::Argument& argument : s.arguments) {
      if (argument.name) use(UseKind::argument, argument.name->text, argument.name->at, no_symbol, &s);
      const ast::Value& value = argument.value;
      for (const ast::Expr* part : {&value.first, &value.second, &value.third, &value.fourth}) expr(*part, &s);
    }
    if (s.label) define(SymbolKind::label, *s.label, &s, definition_);
  }

  void input(const Statement& s) {
    // The first dimension is the batch. Its `N` is no name.
    for (size_t i = 1; s.input && i < s.input->dimensions.size(); ++i) expr(s.input->dimensions[i], &s);
    define(SymbolKind::input, s.name, &s, definition_);
  }

  void statement(const Statement& s) {
    switch (s.kind) {
      case StatementKind::call: return call(s);
      case StatementKind::input: return input(s);
      case StatementKind::let: expr(s.expr, &s); return define(SymbolKind::let, s.name, &s, definition_);
      case StatementKind::repeat: expr(s.expr, &s); return inside(s, in_);
      case StatementKind::condition:
        expr(s.expr, &s);
        statements(s.body);
        return statements(s.otherwise);
      case StatementKind::stage: inside(s, s.name.at); return define(SymbolKind::stage, s.name, &s, definition_);
      case StatementKind::output: source(s); return define(SymbolKind::output, s.name, &s, definition_);
      case StatementKind::from: return source(s);
      case StatementKind::skip:
      case StatementKind::concat:
      case StatementKind::gate:
        source(s);
        if (s.label) define(SymbolKind::list, *s.label, &s, definition_);
        return inside(s, s.at);
    }
  }

  Symbols out_;
  std::map<std::tuple<size_t, Space, std::string_view>, size_t> table_;
  size_t scope_ = 0;
  Location in_;
  const ast::Definition* definition_ = nullptr;
};

bool before(Location a, int32_t line, int32_t column) { return a.line < line || (a.line == line && a.column < column); }

}  // namespace

std::string_view to_string(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::network: return "network";
    case SymbolKind::block: return "block";
    case SymbolKind::parameter: return "parameter";
    case SymbolKind::let: return "let";
    case SymbolKind::input: return "input";
    case SymbolKind::label: return "label";
    case SymbolKind::stage: return "stage";
    case SymbolKind::list: return "list";
    case SymbolKind::output: return "output";
  }
  return "";
}

Symbols index_symbols(const ast::File& file) { return Indexer().run(file); }

bool covers(Location range, int32_t line, int32_t column) {
  return range.line == line && range.column <= column && column <= range.column + range.length;
}

const Symbol* Symbols::defined_at(int32_t line, int32_t column) const {
  for (const Symbol& symbol : symbols) {
    for (const Location& at : symbol.definitions) {
      if (covers(at, line, column)) return &symbol;
    }
  }
  return nullptr;
}

const SymbolUse* Symbols::used_at(int32_t line, int32_t column) const {
  for (const SymbolUse& use : uses) {
    if (covers(use.at, line, column)) return &use;
  }
  return nullptr;
}

std::vector<const Symbol*> Symbols::in_sight(int32_t line, int32_t column) const {
  size_t scope = 0;
  for (size_t i = 1; i < scopes.size(); ++i) {
    const bool open = !scopes[i].end.known() || !before(scopes[i].end, line, column);
    const Location innermost = scopes[scope].begin;
    // A scope without an end ends where another begins.
    if (before(scopes[i].begin, line, column) && open && !before(scopes[i].begin, innermost.line, innermost.column)) scope = i;
  }
  std::vector<const Symbol*> result;
  for (; scope != no_symbol; scope = scopes[scope].parent) {
    for (const Symbol& symbol : symbols) {
      if (symbol.scope == scope && before(symbol.definitions.front(), line, column)) result.push_back(&symbol);
    }
  }
  return result;
}

}  // namespace resnetc
