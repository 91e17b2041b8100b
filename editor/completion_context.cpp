/// \file Finds the words before a place and the brackets that are open there.
#include "editor/completion_context.h"

#include <algorithm>

#include "frontend/lexer.h"

namespace resnetc::editor {

namespace {

using Wants = CompletionContext::Wants;

/// A bracket that is open at the place.
struct Open {
  size_t at;                 ///< index among the words
  std::string_view bracket;  ///< one of ( [ {
  std::string_view opener;   ///< for {: the keyword of the statement or definition whose body it begins
};

class Finder {
 public:
  Finder(std::string_view text, size_t offset) : lines_(text), text_(text.substr(0, offset)) {
    const FileId id = sources_.add("", std::string(text_));
    Diagnostics unread(sources_);
    tokens_ = lex(id, unread);
    tokens_.pop_back();  // the word for the end of the text
  }

  CompletionContext run() {
    CompletionContext out;
    out.start = text_.size();
    if (in_comment()) return out;
    if (!tokens_.empty() && tokens_.back().kind == TokenKind::string && !closed(tokens_.back())) {
      out.start = start(tokens_.back()) + 1;
      if (tokens_.size() > 1 && tokens_[tokens_.size() - 2].is("use")) out.wants = Wants::file;
      return out;
    }
    if (!tokens_.empty() && end(tokens_.back()) == text_.size()) {
      const TokenKind kind = tokens_.back().kind;
      if (kind == TokenKind::name || kind == TokenKind::keyword) {
        out.start = start(tokens_.back());
        tokens_.pop_back();
      } else if (kind == TokenKind::integer || kind == TokenKind::decimal || kind == TokenKind::kernel || kind == TokenKind::string) {
        return out;
      }
    }
    find_open();
    if (open_.empty()) {
      item(out);
    } else if (open_.back().bracket == "{") {
      body(out);
    } else {
      bracket(out);
    }
    return out;
  }

 private:
  size_t start(const Token& token) const { return lines_.offset(token.at); }
  size_t end(const Token& token) const { return start(token) + token.text.size(); }
  static bool closed(const Token& string) { return string.text.size() > 1 && string.text.ends_with('"'); }

  bool in_comment() const {
    const size_t after = tokens_.empty() ? 0 : end(tokens_.back());
    const size_t line = text_.rfind('\n');
    return text_.substr(std::max(after, line == std::string_view::npos ? 0 : line)).find('#') != std::string_view::npos;
  }

  /// The word `back` words before the place, where `back` starts at 1. Before the first word, an empty word.
  const Token& before(size_t back) const {
    static const Token none;
    return back <= tokens_.size() ? tokens_[tokens_.size() - back] : none;
  }

  void find_open() {
    std::string_view opener;
    for (size_t i = 0; i < tokens_.size(); ++i) {
      const Token& token = tokens_[i];
      if (token.is("(") || token.is("[") || token.is("{")) {
        open_.push_back({i, token.text, opener});
      } else if (token.is(")") || token.is("]") || token.is("}")) {
        if (!open_.empty()) open_.pop_back();
      } else if (token.kind == TokenKind::keyword && token.text != "in" && token.text != "true" && token.text != "false") {
        opener = token.text;
      }
    }
  }

  static bool is_operator(const Token& token) {
    return token.is("=") || token.is("+") || token.is("-") || token.is("*") || token.is("/") || token.is("%");
  }

  static bool starts_edge(const Token& token) { return token.is("skip") || token.is("concat"); }

  void item(CompletionContext& out) const {
    const Token& last = before(1);
    if (tokens_.empty() || last.is("}") || last.kind == TokenKind::string) {
      out.wants = Wants::item;
      out.keywords = {"use", "block", "network"};
    }
  }

  void bracket(CompletionContext& out) const {
    const Token& last = before(1);
    const Open& open = open_.back();
    if (is_operator(last)) {
      out.wants = Wants::expression;
      if (last.is("=") && open.at > 0) {
        out.callee = tokens_[open.at - 1].text;
        out.name = before(2).text;
      }
    } else if (open.at + 1 == tokens_.size() || last.is(",")) {
      static const Token none;
      const Token& name = open.at > 0 ? tokens_[open.at - 1] : none;
      const bool declares = open.at > 1 && (tokens_[open.at - 2].is("block") || tokens_[open.at - 2].is("network"));
      if (name.kind != TokenKind::name || open.bracket == "[") {
        const bool numbers = name.is("=") && open.at > 1 && (tokens_[open.at - 2].text == "mean" || tokens_[open.at - 2].text == "std");
        out.wants = numbers ? Wants::nothing : Wants::expression;
      } else if (!declares) {
        out.wants = Wants::argument;
        out.callee = name.text;
        for (size_t i = open.at + 1; i + 1 < tokens_.size(); ++i) {
          if (tokens_[i].kind == TokenKind::name && tokens_[i + 1].is("=")) out.given.emplace(tokens_[i].text);
        }
      }
    }
  }

  void body(CompletionContext& out) const {
    const Token& last = before(1);
    if (last.is("from")) {
      out.wants = Wants::source;
      out.keywords = {"in"};
    } else if (last.is(":")) {
      out.wants = before(3).is("input") ? Wants::element : Wants::callee;
    } else if (starts_edge(last)) {
      out.keywords = {"from", "spread"};
    } else if (last.text == "spread" && starts_edge(before(2))) {
      out.keywords = {"from"};
    } else if (last.is("gate")) {
      out.keywords = {"via"};
    } else if (is_operator(last) || last.is("if") || last.is("repeat")) {
      out.wants = Wants::expression;
    } else if (last.is("via") || last.is("let") || last.is("stage") || last.is("input") || last.is("output")) {
      out.wants = Wants::nothing;
    } else {
      statement(out);
    }
  }

  void statement(CompletionContext& out) const {
    out.wants = Wants::statement;
    out.keywords = {"let", "repeat", "if", "skip", "concat", "gate", "from"};
    // `if` and `repeat` do not start a separate body.
    bool network = true;
    for (size_t i = open_.size(); i-- > 1;)
      network = network && (open_[i].opener == "if" || open_[i].opener == "else" || open_[i].opener == "repeat");
    if (network && open_.front().opener == "network") out.keywords.insert(out.keywords.end(), {"input", "stage", "output"});
    if (before(1).is("}")) out.keywords.push_back("else");
    if (before(2).is("from") && (starts_edge(before(3)) || starts_edge(before(4)))) out.keywords.push_back("via");
    if (before(2).is("output")) out.keywords.push_back("from");
    if (before(1).is("]") || before(1).is(")")) out.keywords.insert(out.keywords.end(), {"mean", "std"});
  }

  LineIndex lines_;
  std::string_view text_;
  Sources sources_;
  std::vector<Token> tokens_;
  std::vector<Open> open_;
};

}  // namespace

CompletionContext completion_context(std::string_view text, size_t offset) { return Finder(text, offset).run(); }

}  // namespace resnetc::editor
