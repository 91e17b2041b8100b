/// \file The formatter walks over the words of a file. They determine everything except where a statement begins, which the syntax tree
/// says.
#include "frontend/format.h"

#include <algorithm>
#include <utility>

#include "frontend/format_lines.h"
#include "frontend/lexer.h"
#include "frontend/parser.h"

namespace resnetc {
namespace {

/// Whether a value can end with this word, so that a `-` after it subtracts.
bool ends_operand(const Token& token) {
  switch (token.kind) {
    case TokenKind::name:
    case TokenKind::integer:
    case TokenKind::decimal:
    case TokenKind::kernel: return true;
    default: return token.is(")") || token.is("]") || token.is("true") || token.is("false");
  }
}

bool opens_list(const Token& token) { return token.is("(") || token.is("["); }

std::string_view without_trailing_blanks(std::string_view text) { return text.substr(0, text.find_last_not_of(" \t\r") + 1); }

class Formatter {
 public:
  Formatter(std::vector<Token> tokens, std::vector<Comment> comments) : tokens_(std::move(tokens)), comments_(std::move(comments)) {}

  std::string run(const ast::File& file) {
    match_brackets();
    place_comments();
    find_statements(file);
    measure();
    statements(0, tokens_.size() - 1, 0, false);
    return align(lines_);
  }

 private:
  // What is known about each word before the first line is made

  void match_brackets() {
    match_ = matching_brackets(tokens_);
    next_open_.resize(tokens_.size() + 1, tokens_.size());
    for (size_t i = tokens_.size(); i-- > 0;) next_open_[i] = tokens_[i].opens() ? i : next_open_[i + 1];
  }

  void place_comments() {
    size_t at = 0;
    for (const Token& token : tokens_) {
      while (at < comments_.size() && comments_[at].at < token.at) ++at;
      comments_before_.push_back(at);
    }
    comments_before_.back() = comments_.size();
  }

  /// The number of comments between the words `first` and `last`.
  size_t comments_between(size_t first, size_t last) const { return comments_before_[last] - comments_before_[first]; }

  void find_statements(const ast::File& file) {
    begins_.resize(tokens_.size());
    for (size_t i = 0, depth = 0; i < tokens_.size(); ++i) {
      if (depth == 0 && (tokens_[i].is("use") || tokens_[i].is("block") || tokens_[i].is("network"))) begins_[i] = true;
      if (tokens_[i].is("{")) ++depth;
      if (tokens_[i].is("}")) --depth;
    }
    for (const ast::Definition& block : file.blocks) find_statements(block.body);
    if (file.network) find_statements(file.network->body);
  }

  void find_statements(const std::vector<ast::Statement>& list) {
    for (const ast::Statement& statement : list) {
      begins_[word_at(tokens_, statement.at)] = true;
      find_statements(statement.body);
      find_statements(statement.otherwise);
      // A statement that is repeated without braces does not begin a line.
      if (statement.bare) begins_[word_at(tokens_, statement.body[0].at)] = false;
    }
  }

  /// The number of blanks before a word that is not the first of its line.
  size_t blanks(size_t i) const {
    const Token& before = tokens_[i - 1];
    const Token& token = tokens_[i];
    if (before.is("{")) return token.is("}") ? 0 : 1;
    if (begins_[i]) return 2;
    if (token.is(",") || token.is(":") || token.is(")") || token.is("]")) return 0;
    if (opens_list(before)) return 0;
    if (opens_list(token) && before.kind == TokenKind::name) return 0;
    if (before.is("-") && !ends_operand(tokens_[i - 2])) return token.is("-") ? 1 : 0;
    return 1;
  }

  /// Computes `end_[i]`: the column after word `i` if all words were on one line.
  void measure() {
    end_.resize(tokens_.size());
    for (size_t i = 0, column = 0; i < tokens_.size(); ++i) {
      column += (i == 0 ? 0 : blanks(i)) + tokens_[i].text.size();
      end_[i] = column;
    }
  }

  /// The width of the words from `first` up to `last` on one line.
  size_t width(size_t first, size_t last) const { return end_[last - 1] - end_[first] + tokens_[first].text.size(); }

  bool is_empty(size_t open) const { return match_[open] == open + 1 && comments_between(open, open + 1) == 0; }

  /// Whether the author wrote a body on one line.
  bool on_one_line(size_t open) const { return is_empty(open) || tokens_[open].at.line == tokens_[match_[open]].at.line; }

  /// Whether the words of a statement fit on one line.
  bool is_flat(size_t first, size_t last, size_t indent) const {
    if (indent + width(first, last) > format_columns) return false;
    for (size_t open = next_open_[first]; open < last; open = next_open_[match_[open] + 1]) {
      if (comments_between(open, match_[open]) != 0 || (tokens_[open].is("{") && !on_one_line(open))) return false;
    }
    return true;
  }

  // Lines

  FormatLine& new_line(size_t indent) {
    FormatLine& line = lines_.emplace_back();
    line.indent = indent;
    line.blank_before = std::exchange(blank_, false);
    return line;
  }

  /// Appends a word to the last line, or starts a new line with it.
  void append(size_t i) {
    std::string& text = lines_.back().cells.back().text;
    if (!text.empty()) text.append(blanks(i), ' ');
    text += tokens_[i].text;
  }
  void begin(size_t i, size_t indent) {
    new_line(indent).cells.emplace_back();
    append(i);
  }

  /// Writes the comments before word `i`, which begins a line. A comment on the same line as the words before it goes to the end of the
  /// last line, if that has no comment yet. Records whether a blank line comes before the word; at the start of a list or body (`at_start`)
  /// there is none.
  void comments(size_t i, size_t indent, bool at_start) {
    for (; written_ < comments_before_[i]; ++written_) {
      const Comment& comment = comments_[written_];
      const std::string text(without_trailing_blanks(comment.text));
      const bool inside = i != 0 && written_ < comments_before_[i - 1];
      FormatLine* last = lines_.empty() ? nullptr : &lines_.back();
      if (last && !last->cells.empty() && last->comment.empty() && (inside || !comment.first_on_line)) {
        last->comment = text;
        last->open = false;
      } else {
        blank_ = !at_start && !inside && after_blank(comment.at, i);
        new_line(indent).comment = text;
        at_start = false;
      }
    }
    blank_ = !at_start && after_blank(tokens_[i].at, i);
  }

  /// Whether a blank line separates a place from the words before `i` and from the comments that have been written.
  bool after_blank(Location at, size_t i) const {
    int32_t before = i == 0 ? 0 : tokens_[i - 1].at.line;
    if (written_ != 0) before = std::max(before, comments_[written_ - 1].at.line);
    return at.line > before + 1;
  }

  /// Writes the items of a file, or the statements of a body. With `share`, statements that the author put on one line stay on it if they
  /// fit.
  void statements(size_t first, size_t last, size_t indent, bool share) {
    for (size_t i = first; i < last;) {
      size_t next = i + 1;
      while (next < last && !begins_[next]) next = tokens_[next].is("{") ? match_[next] + 1 : next + 1;
      comments(i, indent, i == first);
      statement(i, next, indent, share && !tokens_[i].first_on_line);
      i = next;
    }
    comments(last, indent, first == last);
    blank_ = false;
  }

  void statement(size_t first, size_t last, size_t indent, bool may_join) {
    if (!is_flat(first, last, indent)) {
      new_line(indent).cells.emplace_back();
      return words(first, last, indent);
    }
    const bool joins = may_join && lines_.back().open && lines_.back().width() + format_gap + width(first, last) <= format_columns;
    FormatLine& line = joins ? lines_.back() : new_line(indent);
    line.open = true;
    FormatCell& cell = line.cells.emplace_back();
    if (tokens_[first].kind == TokenKind::keyword) cell.keyword = tokens_[first].text;
    const bool word = tokens_[first].kind == TokenKind::name || tokens_[first].kind == TokenKind::string;
    if (word && tokens_[first + 1].is(":")) {
      cell.label = std::string(tokens_[first].text) + ":";
      first += 2;
    }
    for (; first < last; ++first) append(first);
  }

  /// Writes words that do not fit on one line. Bodies are broken, and so are the lists that do not fit.
  void words(size_t first, size_t last, size_t indent) {
    for (size_t i = first; i < last; ++i) {
      append(i);
      if (tokens_[i].is("{") && !is_empty(i)) {
        statements(i + 1, match_[i], indent + format_indent, !on_one_line(i));
      } else if (opens_list(tokens_[i]) && breaks(i, last)) {
        elements(i + 1, match_[i], indent + format_indent);
      } else {
        continue;
      }
      i = match_[i];
      begin(i, indent);
    }
  }

  /// Whether a list must be broken. The last line ends with the list's opening bracket, and the list does not fit on it together with the
  /// words up to the next possible break.
  bool breaks(size_t open, size_t last) const {
    const size_t next = std::min(next_open_[match_[open] + 1] + 1, last);
    return comments_between(open, match_[open]) != 0 || lines_.back().width() + end_[next - 1] - end_[open] > format_columns;
  }

  /// Writes the elements of a broken list, one on each line.
  void elements(size_t first, size_t last, size_t indent) {
    for (size_t i = first; i < last;) {
      size_t next = i;
      while (next < last && !tokens_[next].is(",")) next = opens_list(tokens_[next]) ? match_[next] + 1 : next + 1;
      comments(i, indent, true);
      blank_ = false;
      new_line(indent).cells.emplace_back();
      next = std::min(next + 1, last);
      words(i, next, indent);
      i = next;
    }
    comments(last, indent, true);
    blank_ = false;
  }

  std::vector<Token> tokens_;
  std::vector<Comment> comments_;
  std::vector<size_t> match_;            ///< for a bracket: the bracket that closes it
  std::vector<size_t> next_open_;        ///< first opening bracket from here on
  std::vector<size_t> comments_before_;  ///< number of comments before each word
  std::vector<bool> begins_;             ///< whether the word begins an item or a statement
  std::vector<size_t> end_;
  std::vector<FormatLine> lines_;
  size_t written_ = 0;  ///< number of comments written so far
  bool blank_ = false;  ///< whether a blank line comes before the next line
};

}  // namespace

std::optional<std::string> format_source(FileId file, Diagnostics& diagnostics) {
  const size_t before = diagnostics.error_count();
  const ast::File parsed = parse_file(file, diagnostics);
  if (diagnostics.error_count() != before) return std::nullopt;
  std::vector<Comment> comments;
  std::vector<Token> tokens = lex(file, diagnostics, &comments);
  return Formatter(std::move(tokens), std::move(comments)).run(parsed);
}

}  // namespace resnetc
