/// \file Walks the words and the syntax tree together.
#include "frontend/source_tree.h"

#include <algorithm>
#include <tuple>

#include "frontend/format.h"
#include "frontend/parser.h"

namespace resnetc {

namespace {

void append_word(std::string& out, const Token& word) {
  if (!out.empty()) out += word.first_on_line ? '\n' : ' ';
  out += word.text;
}

}  // namespace

std::unique_ptr<const SourceTree> SourceTree::parse(std::string text) {
  std::unique_ptr<SourceTree> tree(new SourceTree);
  Diagnostics diagnostics(tree->sources_);
  std::string words;
  for (const Token& word : lex(tree->sources_.add("", std::move(text)), diagnostics)) append_word(words, word);
  const FileId bare = tree->sources_.add("", std::move(words));
  std::optional<std::string> formatted;
  if (!diagnostics.has_errors()) formatted = format_source(bare, diagnostics);
  if (!formatted) return nullptr;
  tree->file_ = tree->sources_.add("", std::move(*formatted));
  tree->words_ = lex(tree->file_, diagnostics);
  tree->parsed_ = parse_file(tree->file_, diagnostics);
  tree->read();
  return tree;
}

void SourceTree::read() {
  match_ = matching_brackets(words_);
  std::vector<std::pair<const ast::Definition*, bool>> all;
  for (const ast::Definition& block : parsed_.blocks) all.emplace_back(&block, false);
  if (parsed_.network) all.emplace_back(&*parsed_.network, true);
  for (const auto& [definition, network] : all) {
    Definition out{definition, {}, {}, {}, {}, network};
    const size_t name = word_at(definition->name.at);
    size_t brace = name + 1;
    if (words_[brace].is("(")) {
      out.parameters = elements(brace);
      for (size_t i = 0; i < out.parameters.size(); ++i) {
        const std::optional<ast::Expr>& value = definition->parameters[i].value;
        if (value) out.defaults.push_back({value_of(out.parameters[i]), &*value});
      }
      brace = match_[brace] + 1;
    }
    out.at = {name - 1, match_[brace] + 1};
    out.body = body(definition->body, {brace + 1, match_[brace]});
    definitions_.push_back(std::move(out));
  }
}

SourceTree::Body SourceTree::body(const std::vector<ast::Statement>& list, WordRange inside) const {
  Body out{inside, {}};
  for (size_t i = 0; i < list.size(); ++i) {
    const size_t last = i + 1 < list.size() ? word_at(list[i + 1].at) : inside.last;
    out.pieces.push_back(piece(list[i], {word_at(list[i].at), last}));
  }
  return out;
}

SourceTree::Piece SourceTree::piece(const ast::Statement& statement, WordRange at) const {
  Piece out;
  out.statement = &statement;
  out.at = at;
  const size_t head_end = statement.bare ? word_at(statement.body[0].at) : at.last;
  size_t brace = head_end;
  for (size_t i = at.first; i < head_end; ++i) {
    if (words_[i].is("{")) {
      brace = std::min(brace, i);
      const bool first = out.bodies.empty();
      out.bodies.push_back(body(first ? statement.body : statement.otherwise, {i + 1, match_[i]}));
      i = match_[i];
    } else if (statement.kind == ast::StatementKind::call && words_[i].is("(")) {
      out.arguments = elements(i);
      for (size_t k = 0; k < out.arguments.size(); ++k) {
        const ast::Value& value = statement.arguments[k].value;
        out.values.push_back({value_of(out.arguments[k]), value.kind == ast::ValueKind::expr ? &value.first : nullptr});
      }
      i = match_[i];
    } else if (statement.kind == ast::StatementKind::input && words_[i].is("[")) {
      const std::vector<WordRange> dimensions = elements(i);
      for (size_t k = 0; k < dimensions.size(); ++k) out.values.push_back({dimensions[k], &statement.input->dimensions[k]});
      i = match_[i];
    }
  }
  if (statement.bare) out.bodies.push_back(body(statement.body, {head_end, at.last}));
  if (statement.kind == ast::StatementKind::let) out.values.push_back({{at.first + 3, at.last}, &statement.expr});
  if (statement.kind == ast::StatementKind::repeat || statement.kind == ast::StatementKind::condition) {
    out.values.push_back({{at.first + 1, brace}, &statement.expr});
  }
  return out;
}

std::vector<WordRange> SourceTree::elements(size_t open) const {
  std::vector<WordRange> out;
  const size_t close = match_[open];
  for (size_t i = open + 1, first = i; i <= close; ++i) {
    if ((i == close && i > first) || words_[i].is(",")) {
      out.push_back({first, i});
      first = i + 1;
    } else if (words_[i].opens()) {
      i = match_[i];
    }
  }
  return out;
}

WordRange SourceTree::value_of(WordRange element) const {
  const bool named = element.size() > 1 && words_[element.first + 1].is("=");
  return {element.first + (named ? 2 : 0), element.last};
}

WordRange SourceTree::element(std::span<const WordRange> list, size_t index) const {
  const WordRange at = list[index];
  if (list.size() == 1) return {at.first - 1, at.last + 1};
  return index == 0 ? WordRange{at.first, at.last + 1} : WordRange{at.first - 1, at.last};
}

std::vector<const SourceTree::Piece*> SourceTree::pieces() const {
  std::vector<const Piece*> out;
  const auto walk = [&out](const auto& self, const Body& body) -> void {
    for (const Piece& piece : body.pieces) {
      out.push_back(&piece);
      for (const Body& inner : piece.bodies) self(self, inner);
    }
  };
  for (const Definition& definition : definitions_) walk(walk, definition.body);
  return out;
}

SourceSize SourceTree::size() const {
  SourceSize out;
  out.words = words_.size();
  out.bytes = text().size();
  for (const Token& word : words_) {
    if (word.is("{")) ++out.bodies;
    if (word.kind == TokenKind::name) ++out.names;
    out.integers += static_cast<double>(word.value) + static_cast<double>(word.value2);
  }
  return out;
}

std::string SourceTree::text(WordRange words) const { return text(words, {}); }

std::string SourceTree::text(WordRange words, Edits edits) const {
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
    return std::tie(a.at.first, b.at.last, a.text) < std::tie(b.at.first, a.at.last, b.text);  // pieces that contain others come first
  });
  std::string out;
  size_t next = 0;
  for (size_t i = words.first; i < words.last; ++i) {
    while (next < edits.size() && edits[next].at.first < i) ++next;
    if (next < edits.size() && edits[next].at.first == i && edits[next].at.last <= words.last) {
      if (!out.empty() && !edits[next].text.empty()) out += words_[i].first_on_line ? '\n' : ' ';
      out += edits[next].text;
      i = edits[next].at.last - 1;
    } else {
      append_word(out, words_[i]);
    }
  }
  return out;
}

}  // namespace resnetc
