/// \file Reads and writes tokens.
#include "ir/forms/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ir/foreign_layers.h"
#include "support/suggest.h"

namespace resnetc::text {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_letter(c) || is_digit(c); }
bool is_name(char c) { return is_word(c) || c == '.'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string quoted(std::string_view s) {
  std::string out = "\"";
  for (char c : s) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string shown(std::string_view s) {
  constexpr size_t most = 60;
  const std::string text = quoted(s.substr(0, most));
  return text.substr(1, text.size() - 2) + (s.size() > most ? "..." : "");
}

std::string number(double value) { return fmt::format("{}", value); }

std::string value_name(std::string_view name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), is_name);
  return "%" + (plain ? std::string(name) : quoted(name));
}

std::string unknown_name(std::string_view what, std::string_view name, const std::vector<std::string_view>& known,
                         std::string_view remedy) {
  std::string advice = suggestion(name, known, foreign_names());
  if (advice.empty()) advice = remedy;
  if (advice.empty()) advice = fmt::format("; known are {}", fmt::join(known, ", "));
  return fmt::format("unknown {} '{}'{}", what, shown(name), advice);
}

std::string expected_integer(int64_t low, int64_t high) {
  constexpr std::numeric_limits<int64_t> all;
  if (high != all.max()) return fmt::format("expected an integer between {} and {}", low, high);
  return low != all.min() ? fmt::format("expected an integer of at least {}", low) : "expected an integer";
}

size_t Cursor::offset() {
  if (failed()) return failed_at_;
  skip_blanks();
  return at_;
}

bool Cursor::fail(std::string why) {
  if (failed()) return false;
  skip_blanks();
  return fail_at(at_, std::move(why));
}

bool Cursor::fail_at(size_t offset, std::string why) {
  if (!failed()) {
    why_ = std::move(why);
    failed_at_ = offset;
    at_ = text_.size();
  }
  return false;
}

void Cursor::skip_blanks() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '#') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      ++at_;
    } else {
      return;
    }
  }
}

bool Cursor::at_end() {
  skip_blanks();
  return at_ == text_.size();
}

bool Cursor::peek(std::string_view token) {
  skip_blanks();
  const size_t end = at_ + token.size();
  const bool within_word = is_word(token.back()) && end < text_.size() && is_word(text_[end]);
  if (rest().starts_with(token) && !within_word) return true;
  if (refused_at_ != at_) refused_.clear();
  refused_at_ = at_;
  if (is_letter(token.front())) refused_.push_back(token);
  return false;
}

std::string_view Cursor::peeked_word() const {
  size_t end = at_;
  while (end < text_.size() && is_word(text_[end])) ++end;
  return text_.substr(at_, end - at_);
}

bool Cursor::accept(std::string_view token) {
  if (!peek(token)) return false;
  at_ += token.size();
  return true;
}

bool Cursor::accept_within(char c) {
  if (!rest().starts_with(c)) return false;
  ++at_;
  return true;
}

bool Cursor::expect(std::string_view token) {
  if (accept(token)) return true;
  const std::string_view word = peeked_word();
  const std::string meant = refused_at_ == at_ ? suggestion(word, refused_) : "";
  return fail(meant.empty() ? fmt::format("expected '{}'", token) : fmt::format("unknown word '{}'{}", word, meant));
}

std::string Cursor::word() {
  skip_blanks();
  const std::string word(peeked_word());
  if (word.empty() || !is_letter(word[0])) {
    fail("expected a word");
    return {};
  }
  at_ += word.size();
  return word;
}

std::string Cursor::string() {
  skip_blanks();
  const size_t start = at_;
  std::string out;
  if (!rest().starts_with('"')) {
    fail("expected a string in double quotes");
    return {};
  }
  for (++at_; at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n'; ++at_) {
    if (text_[at_] != '\\') {
      out += text_[at_];
      continue;
    }
    const std::string_view escape = text_.substr(at_ + 1, 3);
    const char kind = escape.empty() ? '\0' : escape[0];
    if (kind == '"' || kind == '\\') {
      out += kind;
    } else if (kind == 'n') {
      out += '\n';
    } else if (kind == 't') {
      out += '\t';
    } else if (kind == 'x' && escape.size() == 3 && hex_digit(escape[1]) >= 0 && hex_digit(escape[2]) >= 0) {
      out += static_cast<char>(hex_digit(escape[1]) * 16 + hex_digit(escape[2]));
      at_ += 2;
    } else {
      fail_at(at_, "unknown escape in a string");
      return {};
    }
    ++at_;
  }
  if (at_ >= text_.size() || text_[at_] != '"') {
    fail_at(start, "a string without its closing quote");
    return {};
  }
  ++at_;
  return out;
}

std::string Cursor::value_name() {
  if (!expect("%")) return {};
  if (rest().starts_with('"')) return string();
  size_t end = at_;
  while (end < text_.size() && is_name(text_[end])) ++end;
  if (end == at_) {
    fail("expected a name after '%'");
    return {};
  }
  std::string out(text_.substr(at_, end - at_));
  at_ = end;
  return out;
}

int64_t Cursor::integer(int64_t low, int64_t high) {
  skip_blanks();
  int64_t value = 0;
  const char* end = text_.data() + text_.size();
  const auto [next, error] = std::from_chars(text_.data() + at_, end, value);
  // 1.5 and 1e5 are no integers.
  const bool broken = next != end && (*next == '.' || *next == 'e' || *next == 'E');
  if (error != std::errc() || broken || value < low || value > high) {
    fail(expected_integer(low, high));
    return low;
  }
  at_ = static_cast<size_t>(next - text_.data());
  return value;
}

double Cursor::real() {
  skip_blanks();
  double value = 0;
  const char* end = text_.data() + text_.size();
  const auto [next, error] = std::from_chars(text_.data() + at_, end, value);
  if (error != std::errc() || !std::isfinite(value)) {
    fail("expected a finite number");
    return 0;
  }
  at_ = static_cast<size_t>(next - text_.data());
  return value;
}

}  // namespace resnetc::text
