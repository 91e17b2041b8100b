/// \file Splits a text into words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "support/diagnostics.h"

namespace resnetc {

enum class TokenKind {
  end,
  name,
  keyword,
  integer,
  decimal,
  kernel,  ///< `3x3`
  string,  ///< with its quotes
  symbol,  ///< one of ( ) [ ] { } , : = + - * / %
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;  ///< a range of the source
  Location at;
  int64_t value = 0;   ///< integer; kernel: the height
  int64_t value2 = 0;  ///< kernel: the width
  double decimal = 0;  ///< decimal
  bool first_on_line = false;

  bool opens() const { return is("(") || is("[") || is("{"); }
  bool closes() const { return is(")") || is("]") || is("}"); }
  bool is(std::string_view word) const { return (kind == TokenKind::symbol || kind == TokenKind::keyword) && text == word; }
};

constexpr size_t max_name_length = 100;

/// The words that cannot be names.
std::span<const std::string_view> all_keywords();
bool is_keyword(std::string_view word);

struct Comment {
  std::string_view text;  ///< from its `#` to the end of the line
  Location at;
  bool first_on_line = false;
};

/// The words of a file, with an `end` last. Reports and leaves out characters that make no word. `comments` (may be null) receives the
/// comments.
std::vector<Token> lex(FileId file, Diagnostics& diagnostics, std::vector<Comment>* comments = nullptr);

/// For each opening bracket, the number of the bracket that closes it. The words must parse.
std::vector<size_t> matching_brackets(std::span<const Token> words);

/// The number of the word that begins at a place.
size_t word_at(std::span<const Token> words, Location at);

}  // namespace resnetc
