/// \file Every name of one file: where it is defined, where it is used, what it is. Made of the syntax tree alone, so that files with
/// mistakes have it as far as they parse; names follow the rules of docs/language.md, "Names and copies".
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
  input,  ///< names a value, as do labels and stages
  label,  ///< of a layer or a block
  stage,
  list,    ///< after `via`: shares the labels' names, but names no value
  output,  ///< nothing in the language refers to it
};

/// `parameter`, `label` and so on, for people.
std::string_view to_string(SymbolKind kind);

/// A name. What takes the same name in the same place, a mistake or the two sides of an `if`, is one symbol with several definitions.
struct Symbol {
  SymbolKind kind = SymbolKind::label;
  std::string_view name;
  std::vector<Location> definitions;            ///< of the name, in the order of the text
  size_t scope = 0;                             ///< where it is in sight; of blocks and networks, the file's
  const ast::Definition* definition = nullptr;  ///< network, block: itself; else the one it stands in
  const ast::Statement* statement = nullptr;    ///< what defines it first; of networks, blocks and parameters, null
};

enum class UseKind {
  value,     ///< a parameter or `let` in an expression
  source,    ///< a label after `from`
  in,        ///< the word `in`; its target is the name of the block, stage or network, or the edge whose list it stands in
  callee,    ///< a layer or block, which may be another file's
  argument,  ///< the name of an argument: a parameter of the callee
};

inline constexpr size_t no_symbol = static_cast<size_t>(-1);

struct SymbolUse {
  UseKind kind = UseKind::value;
  std::string_view text;
  Location at;
  size_t symbol = no_symbol;                  ///< what it means, if that is in this file; never of arguments
  Location target;                            ///< where that is defined first; unknown without a symbol, but of `in`
  const ast::Statement* statement = nullptr;  ///< that it stands in; of a parameter's default, null
};

/// A stretch of text whose names are its own.
struct SymbolScope {
  size_t parent = no_symbol;                    ///< an index of scopes; a block or network sees its own names only, so none
  Location begin;                               ///< of what opens it
  Location end;                                 ///< of its last `}`; unknown where that is missing: it then ends with the file
  const ast::Definition* definition = nullptr;  ///< that it is, or stands in; null for the file's own
};

/// The names of a file. Refers to the tree, which must outlive it.
struct Symbols {
  std::vector<Symbol> symbols;
  std::vector<SymbolUse> uses;      ///< in the order in which names are looked up
  std::vector<SymbolScope> scopes;  ///< the file's first; outer ones before inner ones

  /// The symbol whose definition covers a place, its end included; null if there is none.
  const Symbol* defined_at(int32_t line, int32_t column) const;
  const SymbolUse* used_at(int32_t line, int32_t column) const;
  /// What is in sight at a place, inner names before the outer ones that they hide.
  std::vector<const Symbol*> in_sight(int32_t line, int32_t column) const;
};

Symbols index_symbols(const ast::File& file);

/// Whether a place lies in a range or at its end.
bool covers(Location range, int32_t line, int32_t column);

}  // namespace resnetc
