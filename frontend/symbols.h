/// \file Every name of one file: its kind, its definitions, its uses. Only the syntax tree is needed, so files with errors have symbols as
/// far as they parse. Names follow the rules of docs/language.md, "Names and copies".
#pragma once

#include <string_view>
#include <vector>

#include "frontend/ast.h"

namespace resnetc {

enum class SymbolKind {
  network,
  block,
  parameter,  ///< of a network or block
  let,
  input,  ///< names a value, as labels and stages do
  label,  ///< of a layer or a block
  stage,
  list,    ///< after `via`: shares the labels' names, but names no value
  output,  ///< no other part of a text refers to it
};

/// The kind in words: `parameter`, `label` and so on.
std::string_view to_string(SymbolKind kind);

/// A name. Several definitions of one name in the same place (an error, or the two sides of an `if`) are one symbol.
struct Symbol {
  SymbolKind kind = SymbolKind::label;
  std::string_view name;
  std::vector<Location> definitions;            ///< places of the name, in the order of the text
  size_t scope = 0;                             ///< where it is in sight; for blocks and networks, the file's
  const ast::Definition* definition = nullptr;  ///< network, block: itself; else the one that it stands in
  const ast::Statement* statement = nullptr;    ///< the first that defines it; null for networks, blocks and parameters
};

enum class UseKind {
  value,     ///< a parameter or `let` in an expression
  source,    ///< a label after `from`
  in,        ///< the word `in`; its target is the name of the block, stage or network, or the edge in whose list it stands
  callee,    ///< a layer or a block, perhaps of another file
  argument,  ///< the name of an argument: a parameter of the callee
};

inline constexpr size_t no_symbol = static_cast<size_t>(-1);

struct SymbolUse {
  UseKind kind = UseKind::value;
  std::string_view text;
  Location at;
  size_t symbol = no_symbol;                  ///< the symbol of this file that it means; none for arguments
  Location target;                            ///< the symbol's first definition; unknown without a symbol, except for `in`
  const ast::Statement* statement = nullptr;  ///< that it stands in; null in a parameter's default
};

/// A stretch of text whose names are its own.
struct SymbolScope {
  size_t parent = no_symbol;                    ///< an index of scopes; none for a block or network, which sees only its own names
  Location begin;                               ///< of the text that opens it
  Location end;                                 ///< of its last `}`; unknown if that is missing: the scope then ends with the file
  const ast::Definition* definition = nullptr;  ///< of this scope, or around it; null for the file's scope
};

/// The names of a file. Refers to the tree, which must outlive it.
struct Symbols {
  std::vector<Symbol> symbols;
  std::vector<SymbolUse> uses;      ///< in the order in which names are looked up
  std::vector<SymbolScope> scopes;  ///< the file's first; outer ones before inner ones

  /// The symbol whose definition covers a place, its end included; null if there is none.
  const Symbol* defined_at(int32_t line, int32_t column) const;
  const SymbolUse* used_at(int32_t line, int32_t column) const;
  /// The symbols in sight at a place, inner ones before the outer ones that they hide.
  std::vector<const Symbol*> in_sight(int32_t line, int32_t column) const;
};

Symbols index_symbols(const ast::File& file);

/// Whether a place lies in a range or at its end.
bool covers(Location range, int32_t line, int32_t column);

}  // namespace resnetc
