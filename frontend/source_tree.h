/// \file A network's text beside its syntax tree, for cutting parts out: the place of each part, and the text without it.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/ast.h"
#include "frontend/lexer.h"

namespace resnetc {

/// Words of a text, by their numbers.
struct WordRange {
  size_t first = 0;
  size_t last = 0;  ///< the number after the last word

  size_t size() const { return last - first; }
};

/// Replaces some words by a text.
struct Edit {
  WordRange at;
  std::string text;
};
using Edits = std::vector<Edit>;

/// The size of a text. Earlier fields matter more. Every text has finitely many smaller ones.
struct SourceSize {
  size_t bodies = 0;
  size_t words = 0;
  size_t names = 0;
  double integers = 0;  ///< their sum
  size_t bytes = 0;

  auto operator<=>(const SourceSize&) const = default;
};

class SourceTree {
 public:
  /// A part that another of its kind may replace: an expression, or an argument's value.
  struct Value {
    WordRange at;
    const ast::Expr* expr = nullptr;  ///< null for a kernel, a pair or a decimal
  };
  struct Piece;
  struct Body {
    WordRange at;  ///< without its braces
    std::vector<Piece> pieces;
  };
  /// A statement.
  struct Piece {
    const ast::Statement* statement = nullptr;
    WordRange at;
    std::vector<Body> bodies;          ///< in the order written; a repeat without braces has one, which holds its statement
    std::vector<WordRange> arguments;  ///< of a call
    std::vector<Value> values;         ///< of arguments, dimensions, counts, conditions and names
  };
  struct Definition {
    const ast::Definition* definition = nullptr;
    WordRange at;
    std::vector<WordRange> parameters;
    std::vector<Value> defaults;  ///< of the parameters that have one
    Body body;
    bool network = false;
  };

  /// Parses the text and gives it the formatter's layout, without comments; null if it does not parse.
  static std::unique_ptr<const SourceTree> parse(std::string text);

  SourceTree(const SourceTree&) = delete;
  SourceTree& operator=(const SourceTree&) = delete;

  std::string_view text() const { return sources_.text(file_); }
  SourceSize size() const;
  std::span<const Token> words() const { return words_; }
  const std::vector<Definition>& definitions() const { return definitions_; }
  /// The statements of all definitions. Each stands before the statements that it contains.
  std::vector<const Piece*> pieces() const;

  size_t word_at(Location at) const { return resnetc::word_at(words_, at); }
  std::string text(WordRange words) const;
  /// The text of some words after edits. Edits outside these words, or inside another edit, are left out.
  std::string text(WordRange words, Edits edits) const;
  std::string text(Edits edits) const { return text({0, words_.size() - 1}, std::move(edits)); }
  /// The words to remove for one element of a list in brackets: the element and its comma, or the whole list if it is the only element.
  WordRange element(std::span<const WordRange> list, size_t index) const;
  /// An argument or parameter without the `NAME =` before it.
  WordRange value_of(WordRange element) const;

 private:
  SourceTree() = default;
  void read();
  Body body(const std::vector<ast::Statement>& list, WordRange inside) const;
  Piece piece(const ast::Statement& statement, WordRange at) const;
  std::vector<WordRange> elements(size_t open) const;

  Sources sources_;
  FileId file_ = no_file;
  std::vector<Token> words_;
  std::vector<size_t> match_;  ///< for a bracket: the one that closes it
  ast::File parsed_;
  std::vector<Definition> definitions_;
};

}  // namespace resnetc
