/// \file Divides text into words.
#include "frontend/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "frontend/messages.h"

namespace resnetc {
namespace {

constexpr std::array<std::string_view, 18> keywords = {"use", "block", "network", "input", "output", "stage", "repeat", "if",   "else",
                                                       "let", "skip",  "concat",  "gate",  "via",    "from",  "in",     "true", "false"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_symbol(char c) { return std::string_view("()[]{},:=+-*/%").find(c) != std::string_view::npos; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

class Lexer {
 public:
  Lexer(FileId file, Diagnostics& diagnostics, std::vector<Comment>* comments)
      : file_(file), diagnostics_(diagnostics), text_(diagnostics.sources().text(file)), comments_(comments) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = line_start_ = 3;  // a byte order mark
  }

  std::vector<Token> run() {
    while (skip_blanks(), at_ < text_.size()) word();
    push(TokenKind::end, at_);
    return std::move(tokens_);
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void skip_blanks() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') {
        ++line_;
        line_start_ = at_ + 1;
        first_on_line_ = true;
      } else if (text_[at_] == '#') {
        const size_t start = at_;
        at_ = std::min(text_.find('\n', at_), text_.size());
        if (comments_) comments_->push_back({text_.substr(start, at_ - start), location(start), first_on_line_});
        --at_;
      } else if (!is_blank(text_[at_])) {
        return;
      }
    }
  }

  Location location(size_t start) const {
    return {file_, line_, static_cast<int32_t>(start - line_start_) + 1, std::max(1, static_cast<int32_t>(at_ - start))};
  }

  Token& push(TokenKind kind, size_t start) {
    Token token;
    token.kind = kind;
    token.text = text_.substr(start, at_ - start);
    token.at = location(start);
    token.first_on_line = std::exchange(first_on_line_, false);
    return tokens_.emplace_back(token);
  }

  void word() {
    const size_t start = at_;
    const char c = peek();
    if (is_letter(c)) {
      while (is_letter(peek()) || is_digit(peek())) ++at_;
      const std::string_view text = text_.substr(start, at_ - start);
      if (text.size() > max_name_length)
        diagnostics_.error(location(start), fmt::format(message::name_too_long, text.size(), max_name_length));
      push(std::find(keywords.begin(), keywords.end(), text) == keywords.end() ? TokenKind::name : TokenKind::keyword, start);
    } else if (is_digit(c)) {
      number();
    } else if (c == '"') {
      string();
    } else if (is_symbol(c)) {
      ++at_;
      push(TokenKind::symbol, start);
    } else {
      // Report one error for a run of unknown bytes, because they are usually the bytes of one character.
      while (at_ < text_.size() && !is_blank(peek()) && !is_letter(peek()) && !is_digit(peek()) && !is_symbol(peek()) && peek() != '"' &&
             peek() != '#') {
        ++at_;
      }
      const bool printable = c > 0x20 && c < 0x7f;
      diagnostics_.error(location(start),
                         fmt::format(message::unexpected_character,
                                     printable ? fmt::format("'{}'", c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c))));
    }
  }

  void string() {
    const size_t start = at_++;
    while (at_ < text_.size() && peek() != '"' && static_cast<unsigned char>(peek()) >= 0x20) ++at_;
    if (peek() != '"') {
      diagnostics_.error(location(start), message::unterminated_string);
    } else {
      ++at_;
    }
    push(TokenKind::string, start);
  }

  void digits() {
    while (is_digit(peek())) ++at_;
  }

  int64_t integer(size_t start, size_t end) {
    int64_t value = 0;
    if (std::from_chars(text_.data() + start, text_.data() + end, value).ec != std::errc()) {
      diagnostics_.error(location(start), fmt::format(message::integer_too_large, text_.substr(start, std::min<size_t>(end - start, 60))));
      value = 1;
    }
    return value;
  }

  void number() {
    const size_t start = at_;
    TokenKind kind = TokenKind::integer;
    digits();
    const size_t integer_end = at_;
    if (peek() == 'x' && is_digit(peek(1))) {
      kind = TokenKind::kernel;
      ++at_;
      digits();
    } else {
      if (peek() == '.' && is_digit(peek(1))) {
        kind = TokenKind::decimal;
        ++at_;
        digits();
      }
      const size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if ((peek() == 'e' || peek() == 'E') && is_digit(peek(1 + sign))) {
        kind = TokenKind::decimal;
        at_ += 1 + sign;
        digits();
      }
    }
    if (is_letter(peek()) || peek() == '.') {
      while (is_letter(peek()) || is_digit(peek()) || peek() == '.') ++at_;
      diagnostics_.error(location(start), fmt::format(message::bad_number, text_.substr(start, std::min<size_t>(at_ - start, 60))));
      push(TokenKind::integer, start).value = 1;
      return;
    }
    Token token;
    if (kind == TokenKind::decimal) {
      const auto [end, error] = std::from_chars(text_.data() + start, text_.data() + at_, token.decimal);
      if (error != std::errc() || !std::isfinite(token.decimal)) {
        diagnostics_.error(location(start),
                           fmt::format(message::decimal_too_large, text_.substr(start, std::min<size_t>(at_ - start, 60))));
        token.decimal = 1;
      }
    } else {
      token.value = integer(start, integer_end);
      if (kind == TokenKind::kernel) token.value2 = integer(integer_end + 1, at_);
    }
    Token& pushed = push(kind, start);
    pushed.value = token.value;
    pushed.value2 = token.value2;
    pushed.decimal = token.decimal;
  }

  FileId file_;
  Diagnostics& diagnostics_;
  std::string_view text_;
  std::vector<Comment>* comments_;
  size_t at_ = 0;
  size_t line_start_ = 0;
  int32_t line_ = 1;
  bool first_on_line_ = true;
  std::vector<Token> tokens_;
};

}  // namespace

std::span<const std::string_view> all_keywords() { return keywords; }

bool is_keyword(std::string_view word) { return std::find(std::begin(keywords), std::end(keywords), word) != std::end(keywords); }

std::vector<Token> lex(FileId file, Diagnostics& diagnostics, std::vector<Comment>* comments) {
  return Lexer(file, diagnostics, comments).run();
}

std::vector<size_t> matching_brackets(std::span<const Token> words) {
  std::vector<size_t> match(words.size());
  std::vector<size_t> open;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].opens()) open.push_back(i);
    if (words[i].closes()) {
      match[open.back()] = i;
      open.pop_back();
    }
  }
  return match;
}

size_t word_at(std::span<const Token> words, Location at) {
  const auto before = [](const Token& word, const Location& place) {
    return std::pair(word.at.line, word.at.column) < std::pair(place.line, place.column);
  };
  return static_cast<size_t>(std::lower_bound(words.begin(), words.end(), at, before) - words.begin());
}

}  // namespace resnetc
