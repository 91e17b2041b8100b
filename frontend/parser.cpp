/// \file A recursive-descent parser, with one function for each production of docs/language.md. A function that returns false has reported
/// why. The nearest list of statements then continues with its next statement.
#include "frontend/parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/lexer.h"
#include "frontend/messages.h"
#include "ir/forms/text_kind.h"

namespace resnetc {
namespace {

using ast::Statement;
using ast::StatementKind;

constexpr int max_nesting = 50;
constexpr size_t max_list = 100;  ///< number of parameters or arguments, which are compared pair by pair

class Parser {
 public:
  Parser(std::vector<Token> tokens, Diagnostics& diagnostics, bool lenient = false)
      : diagnostics_(diagnostics), tokens_(std::move(tokens)), lenient_(lenient) {}

  ast::File file() {
    ast::File file;
    while (token().kind != TokenKind::end) {
      if (!item(file)) recover_item();
    }
    return file;
  }

 private:
  const Token& token(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  const Token& last() const { return tokens_[at_ - 1]; }
  void next() {
    if (at_ + 1 < tokens_.size()) ++at_;
  }

  bool accept(std::string_view word) {
    if (!token().is(word)) return false;
    next();
    return true;
  }

  static std::string shown(const Token& token) {
    if (token.kind == TokenKind::end) return "the end of the file";
    return fmt::format("'{}'", token.text.substr(0, 60));
  }

  /// Reports an error at the current word. Null if this word has an error already: a missing closing brace is missing at every level, but
  /// is one mistake.
  Diagnostic* complain(std::string_view what) {
    if (complained_at_ == at_) return nullptr;
    complained_at_ = at_;
    return &diagnostics_.error(token().at, fmt::format(message::expected, what, shown(token())));
  }

  bool expected(std::string_view what) {
    complain(what);
    return false;
  }

  bool expect(std::string_view word) { return accept(word) || expected(fmt::format("'{}'", word)); }

  /// Expects `word`, which closes what `open` opened.
  bool expect_closing(std::string_view word, const Token& open) {
    if (accept(word)) return true;
    Diagnostic* d = complain(fmt::format("'{}'", word));
    if (d && open.at.line != token().at.line) d->note(open.at, fmt::format(message::to_match, open.text));
    return false;
  }

  bool name(ast::Name& out, std::string_view what) {
    if (token().kind == TokenKind::keyword) {
      diagnostics_.error(token().at, fmt::format(message::reserved_word, token().text));
      return false;
    }
    if (token().kind != TokenKind::name) return expected(what);
    out = {token().text, token().at};
    next();
    return true;
  }

  /// A label, or one in quotes.
  bool label(ast::Name& out, std::string_view what) {
    if (token().kind != TokenKind::string) return name(out, what);
    out = {inside_quotes(token()), token().at, true};
    if (!is_part_of_names(out.text)) {
      diagnostics_.error(out.at, fmt::format(message::quoted_label, max_name_length));
      out.text = "label";
    }
    next();
    return true;
  }

  static std::string_view inside_quotes(const Token& string) {
    return string.text.substr(1, string.text.size() - std::min<size_t>(string.text.size(), 2));
  }

  /// Whether a text may be part of weights' names: words of letters, digits, `_` and `-` with dots between them.
  static bool is_part_of_names(std::string_view text) {
    if (text.empty() || text.size() > max_name_length || text.front() == '.' || text.back() == '.') return false;
    const bool known = std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    });
    return known && text.find("..") == std::string_view::npos;
  }

  /// Adds one level of nesting during its lifetime.
  struct Nesting {
    explicit Nesting(Parser& p) : parser(p) { ++parser.depth_; }
    ~Nesting() { --parser.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    bool fine() const {
      if (parser.depth_ <= max_nesting) return true;
      parser.diagnostics_.error(parser.token().at, fmt::format(message::nested_too_deep, max_nesting));
      return false;
    }
    Parser& parser;
  };

  // Files

  void recover_item() {
    next();
    while (token().kind != TokenKind::end &&
           !(token().first_on_line && (token().is("use") || token().is("block") || token().is("network")))) {
      next();
    }
  }

  bool item(ast::File& file) {
    if (token().is("use")) {
      next();
      if (token().kind != TokenKind::string) return expected("a file's name in quotes");
      file.uses.push_back({inside_quotes(token()), token().at});
      next();
      return true;
    }
    const bool network = token().is("network");
    if (!network && !token().is("block")) return expected("'use', 'block' or 'network'");
    next();
    ast::Definition definition;
    const bool whole = this->definition(definition, network ? "the network's name" : "the block's name");
    if (!whole && !(lenient_ && definition.name.at.known())) return false;
    if (!network) {
      file.blocks.push_back(std::move(definition));
    } else if (file.network) {
      diagnostics_.error(definition.name.at, fmt::format(message::second_network, definition.name.text))
          .note(file.network->name.at, message::first_here);
    } else {
      file.network = std::move(definition);
    }
    return whole;
  }

  bool definition(ast::Definition& out, std::string_view what) {
    if (!name(out.name, what)) return false;
    if (token().is("(") && !parameters(out.parameters)) return false;
    if (!body(out.body)) return false;
    out.end = last().at;
    return true;
  }

  bool parameters(std::vector<ast::Parameter>& out) {
    const Token& open = token();
    next();
    if (accept(")")) return true;
    do {
      ast::Parameter parameter;
      if (!name(parameter.name, "a parameter's name")) return false;
      for (const ast::Parameter& other : out) {
        if (other.name.text != parameter.name.text) continue;
        diagnostics_.error(parameter.name.at, fmt::format(message::parameter_twice, parameter.name.text))
            .note(other.name.at, message::first_here);
        break;
      }
      if (accept("=") && !expr(parameter.value.emplace())) return false;
      if (!short_enough(out.size(), parameter.name.at)) return false;
      out.push_back(std::move(parameter));
    } while (accept(","));
    return expect_closing(")", open);
  }

  bool short_enough(size_t before, Location at) {
    if (before < max_list) return true;
    diagnostics_.error(at, fmt::format(message::list_too_long, max_list));
    return false;
  }

  // Statements

  /// Skips to the next statement of this list: to the next word that begins a line outside inner braces, or to the list's end.
  void recover_statement() {
    for (int depth = 0; token().kind != TokenKind::end; next()) {
      if (token().is("{")) ++depth;
      if (token().is("}") && depth-- == 0) return;
      const bool word = token().kind == TokenKind::name || token().kind == TokenKind::keyword || token().kind == TokenKind::string;
      if (depth == 0 && token().first_on_line && word) return;
    }
  }

  bool body(std::vector<Statement>& out) {
    const Token& open = token();
    if (!expect("{")) return false;
    while (!token().is("}") && token().kind != TokenKind::end) {
      const size_t before = at_;
      Statement one;
      const bool whole = statement(one);
      if (whole || lenient_) out.push_back(std::move(one));
      if (!whole) {
        recover_statement();
        if (at_ == before) next();
      }
    }
    return expect_closing("}", open);
  }

  bool statement(Statement& out) {
    const Nesting nesting(*this);
    if (!nesting.fine()) return false;
    out.at = token().at;
    if (!of_any_kind(out, out.at)) return false;
    out.end = last().at;
    return true;
  }

  bool of_any_kind(Statement& out, Location start) {
    if (token().kind == TokenKind::name || (token().kind == TokenKind::string && token(1).is(":"))) return call(out, start);
    if (token().kind == TokenKind::keyword && token(1).is(":")) {
      name(out.name, "a label");
      next();
      next();
      return call(out, start);
    }
    if (accept("let")) return let(out, start);
    if (accept("repeat")) return repeat(out, start);
    if (accept("if")) return condition(out, start);
    if (accept("stage")) return stage(out, start);
    if (accept("input")) return input(out, start);
    if (accept("output")) return output(out, start);
    if (accept("skip")) return edge(out, start, StatementKind::skip);
    if (accept("concat")) return edge(out, start, StatementKind::concat);
    if (accept("gate")) return gate(out, start);
    if (accept("from")) return from(out, start);
    return expected("a layer, a block or another statement");
  }

  static bool takes_no_label(const Token& token) {
    constexpr std::string_view words[] = {"skip", "concat", "gate", "from", "stage", "repeat", "if"};
    return std::any_of(std::begin(words), std::end(words), [&](std::string_view word) { return token.is(word); });
  }

  bool call(Statement& out, Location start) {
    out.kind = StatementKind::call;
    if (token(1).is(":")) {
      if (!label(out.label.emplace(), "a label")) return false;
      next();
      if (takes_no_label(token())) {
        diagnostics_.error(out.label->at, fmt::format(message::label_on_statement, token().text));
        return false;
      }
    }
    if (!name(out.name, "a layer or a block")) return false;
    if (token().is("(") && !arguments(out.arguments)) return false;
    out.at = through(start, last().at);
    return true;
  }

  bool arguments(std::vector<ast::Argument>& out) {
    const Token& open = token();
    next();
    if (accept(")")) return true;
    do {
      ast::Argument argument;
      if (token().kind == TokenKind::name && token(1).is("=")) {
        argument.name = ast::Name{token().text, token().at};
        next();
        next();
      }
      if (!value(argument.value)) return false;
      if (!argument.name && !out.empty() && out.back().name) {
        diagnostics_.error(argument.value.at, message::positional_after_named);
        return false;
      }
      if (!short_enough(out.size(), argument.value.at)) return false;
      out.push_back(std::move(argument));
    } while (accept(","));
    return expect_closing(")", open);
  }

  bool value(ast::Value& out) {
    const Token& start = token();
    if (start.kind == TokenKind::kernel) {
      out.kind = ast::ValueKind::kernel;
      out.first = literal(start.value, start.at);
      out.second = literal(start.value2, start.at);
      next();
    } else if (accept("[")) {
      out.kind = ast::ValueKind::pair;
      if (!expr(out.first) || !expect(",") || !expr(out.second)) return false;
      if (accept(",")) {
        out.kind = ast::ValueKind::sides;
        if (!expr(out.third) || !expect(",") || !expr(out.fourth)) return false;
      }
      if (!expect_closing("]", start)) return false;
    } else if (start.kind == TokenKind::decimal || (start.is("-") && token(1).kind == TokenKind::decimal)) {
      out.kind = ast::ValueKind::decimal;
      ast::Number number;
      if (!this->number(number)) return false;
      out.decimal = number.value;
    } else if (!expr(out.first)) {
      return false;
    }
    out.at = through(start.at, last().at);
    return true;
  }

  static ast::Expr literal(int64_t value, Location at) {
    ast::Expr result;
    result.postfix.push_back({ast::ExprKind::integer, value, {}, at});
    result.at = at;
    return result;
  }

  bool let(Statement& out, Location start) {
    out.kind = StatementKind::let;
    if (!name(out.name, "a name") || !expect("=") || !expr(out.expr)) return false;
    out.at = through(start, last().at);
    return true;
  }

  bool repeat(Statement& out, Location start) {
    out.kind = StatementKind::repeat;
    if (!expr(out.expr)) return false;
    out.at = through(start, last().at);
    if (token().is("{")) return body(out.body);
    out.bare = true;
    Statement one;
    const bool whole = statement(one);
    if (whole || lenient_) out.body.push_back(std::move(one));
    return whole;
  }

  bool condition(Statement& out, Location start) {
    out.kind = StatementKind::condition;
    if (!expr(out.expr)) return false;
    if (token().is("=")) {
      diagnostics_.error(token().at, message::no_comparison);
      return false;
    }
    out.at = through(start, last().at);
    return body(out.body) && (!accept("else") || body(out.otherwise));
  }

  bool stage(Statement& out, Location start) {
    out.kind = StatementKind::stage;
    if (!label(out.name, "the stage's name")) return false;
    out.at = through(start, last().at);
    return body(out.body);
  }

  bool edge(Statement& out, Location start, StatementKind kind) {
    out.kind = kind;
    if (token().is("(")) {
      diagnostics_.error(start, fmt::format(message::edge_called, last().text, last().text));
      return false;
    }
    // `spread` is a word only here. Anywhere else it may be a name.
    if (token().kind == TokenKind::name && token().text == "spread") {
      out.spread = true;
      next();
    }
    if (!expect("from") || !source(out)) return false;
    out.at = through(start, last().at);
    return !accept("via") || list(out);
  }

  bool gate(Statement& out, Location start) {
    out.kind = StatementKind::gate;
    if (!expect("via")) return false;
    out.at = start;
    return list(out);
  }

  bool from(Statement& out, Location start) {
    out.kind = StatementKind::from;
    if (!source(out)) return false;
    out.at = through(start, last().at);
    return true;
  }

  bool source(Statement& out) {
    if (token().is("in")) {
      out.source = ast::Name{token().text, token().at};
      next();
      return true;
    }
    return name(out.source.emplace(), "'in' or a label");
  }

  bool list(Statement& out) {
    if (!token().is("{") && !label(out.label.emplace(), "a label or '{'")) return false;
    return body(out.body);
  }

  bool output(Statement& out, Location start) {
    out.kind = StatementKind::output;
    if (!name(out.name, "the output's name") || (accept("from") && !source(out))) return false;
    out.at = through(start, last().at);
    return true;
  }

  bool input(Statement& out, Location start) {
    out.kind = StatementKind::input;
    out.input = std::make_unique<ast::Input>();
    ast::Input& in = *out.input;
    if (!name(out.name, "the input's name") || !expect(":") || !name(in.element, "f32 or u8")) return false;
    const Token& open = token();
    if (!expect("[")) return false;
    do {
      if (!expr(in.dimensions.emplace_back())) return false;
    } while (accept(","));
    if (!expect_closing("]", open)) return false;
    in.type_at = through(in.element.at, last().at);
    out.at = through(start, last().at);
    while ((token().text == "mean" || token().text == "std") && token(1).is("=")) {
      ast::Normalisation& normalisation = in.normalisations.emplace_back();
      normalisation.name = {token().text, token().at};
      next();
      next();
      const Token& bracket = token();
      if (!expect("(")) return false;
      do {
        if (!number(normalisation.numbers.emplace_back())) return false;
      } while (accept(","));
      if (!expect_closing(")", bracket)) return false;
    }
    return true;
  }

  bool number(ast::Number& out) {
    const Location start = token().at;
    const double sign = accept("-") ? -1 : 1;
    if (token().kind == TokenKind::decimal) {
      out.value = sign * token().decimal;
    } else if (token().kind == TokenKind::integer) {
      out.value = sign * static_cast<double>(token().value);
    } else {
      return expected("a number");
    }
    out.at = through(start, token().at);
    next();
    return true;
  }

  // Expressions

  bool expr(ast::Expr& out) {
    const Location start = token().at;
    const Nesting nesting(*this);
    if (!nesting.fine() || !sum(out)) return false;
    out.at = through(start, last().at);
    return true;
  }

  bool sum(ast::Expr& out) {
    if (!product(out)) return false;
    while (token().is("+") || token().is("-")) {
      const Token& op = token();
      next();
      if (!product(out)) return false;
      out.postfix.push_back({op.text == "+" ? ast::ExprKind::add : ast::ExprKind::subtract, 0, op.text, op.at});
    }
    return true;
  }

  bool product(ast::Expr& out) {
    if (!factor(out)) return false;
    while (token().is("*") || token().is("/") || token().is("%")) {
      const Token& op = token();
      next();
      if (!factor(out)) return false;
      const ast::ExprKind kind = op.text == "*"   ? ast::ExprKind::multiply
                                 : op.text == "/" ? ast::ExprKind::divide
                                                  : ast::ExprKind::remainder;
      out.postfix.push_back({kind, 0, op.text, op.at});
    }
    return true;
  }

  bool factor(ast::Expr& out) {
    const Nesting nesting(*this);
    if (!nesting.fine()) return false;
    const Token& first = token();
    if (accept("-")) {
      if (!factor(out)) return false;
      out.postfix.push_back({ast::ExprKind::negate, 0, first.text, first.at});
      return true;
    }
    if (accept("(")) return sum(out) && expect_closing(")", first);
    if (first.kind == TokenKind::decimal) {
      diagnostics_.error(first.at, fmt::format(message::decimal_in_expression, first.text.substr(0, 60)));
      return false;
    }
    if (first.kind == TokenKind::integer) {
      out.postfix.push_back({ast::ExprKind::integer, first.value, first.text, first.at});
    } else if (first.is("true") || first.is("false")) {
      out.postfix.push_back({ast::ExprKind::integer, first.is("true") ? 1 : 0, first.text, first.at});
    } else if (first.kind == TokenKind::name) {
      out.postfix.push_back({ast::ExprKind::name, 0, first.text, first.at});
    } else {
      return expected("an integer or a name");
    }
    next();
    return true;
  }

  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  size_t complained_at_ = static_cast<size_t>(-1);
  int depth_ = 0;
  bool lenient_;
};

}  // namespace

ast::File parse_file(FileId file, Diagnostics& diagnostics) {
  const size_t before = diagnostics.error_count();
  const text::Beginning beginning = text::beginning_of(diagnostics.sources().text(file));
  if (beginning.is_other_than(text::Kind::network)) {
    diagnostics.error(diagnostics.sources().place(file, beginning.offset, beginning.word.size()),
                      fmt::format(message::other_text, beginning.what, beginning.reader));
    return {};
  }
  std::vector<Token> tokens = lex(file, diagnostics);
  // An invalid word leaves a gap, which would cause a second error for the same mistake.
  if (diagnostics.error_count() != before) return {};
  return Parser(std::move(tokens), diagnostics).file();
}

ast::File parse_leniently(FileId file, Diagnostics& diagnostics) {
  std::vector<Token> tokens = lex(file, diagnostics);
  return Parser(std::move(tokens), diagnostics, true).file();
}

}  // namespace resnetc
