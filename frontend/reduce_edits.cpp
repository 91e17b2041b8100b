/// \file Edits of blocks, statements and parameters. An edit need not keep the meaning, because the caller of a reduction tests the result.
#include "frontend/reduce_edits.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "ir/op.h"

namespace resnetc {
namespace {

using ast::StatementKind;
using Piece = SourceTree::Piece;
using Definition = SourceTree::Definition;

std::vector<Edits> blocks(const SourceTree& tree) {
  std::vector<Edits> out;
  for (const Definition& definition : tree.definitions()) {
    if (!definition.network) out.push_back({{definition.at, ""}});
  }
  return out;
}

/// Edits that remove statements, the last statement first, so that users of a value go before its maker.
std::vector<Edits> statements(const SourceTree& tree) {
  std::vector<Edits> out;
  for (const Piece* piece : tree.pieces()) out.push_back({{piece->at, ""}});
  std::reverse(out.begin(), out.end());
  return out;
}

/// The text of a value in a form that can be part of an expression.
std::string operand(const SourceTree& tree, WordRange value) {
  return value.size() > 1 ? fmt::format("({})", tree.text(value)) : tree.text(value);
}

/// Adds edits that replace a name by a text wherever an expression in the range uses the name.
void substitute(const SourceTree& tree, WordRange range, std::string_view name, const std::string& text, Edits& out) {
  for (size_t i = range.first; i < range.last; ++i) {
    const std::span<const Token> words = tree.words();
    if (words[i].kind != TokenKind::name || words[i].text != name) continue;
    // The same word may be a label, the name of an argument, a layer, the start of an edge, or the word `spread`.
    const bool other = words[i + 1].is("=") || words[i + 1].is(":") || words[i + 1].is("(") || words[i - 1].is(":") ||
                       words[i - 1].is("from") || words[i - 1].is("via") || words[i - 1].is("stage") || words[i - 1].is("let") ||
                       words[i - 1].is("output") || words[i - 1].is("skip") || words[i - 1].is("concat");
    if (!other) out.push_back({{i, i + 1}, text});
  }
}

/// Names that a new label must not have.
std::set<std::string_view> taken_names(const SourceTree& tree) {
  std::set<std::string_view> out;
  for (const Token& word : tree.words()) out.insert(word.text);
  return out;
}

std::string fresh(std::string_view base, const std::set<std::string_view>& taken) {
  for (int i = 1;; ++i) {
    std::string name = fmt::format("{}{}", base.substr(0, 90), i);
    if (!taken.contains(name)) return name;
  }
}

/// The statements of a stage as statements of the network, where statements with weights need labels.
std::string labelled(const SourceTree& tree, const SourceTree::Body& body) {
  std::set<std::string_view> taken = taken_names(tree);
  std::vector<std::string> names;
  names.reserve(body.pieces.size());  // `taken` points into them
  Edits edits;
  for (const Piece& piece : body.pieces) {
    const ast::Statement& s = *piece.statement;
    const std::optional<OpKind> layer = layer_named(s.name.text);
    if (s.kind != StatementKind::call || s.label || (layer && !info(*layer).weights)) continue;
    taken.insert(names.emplace_back(fresh(s.name.text, taken)));
    edits.push_back({{piece.at.first, piece.at.first + 1}, fmt::format("{}: {}", names.back(), s.name.text)});
  }
  return tree.text(body.at, std::move(edits));
}

std::string without_list(const ast::Statement& edge, bool spread) {
  return fmt::format("{}{} from {}", edge.kind == StatementKind::skip ? "skip" : "concat", spread ? " spread" : "", edge.source->text);
}

/// Edits that replace a construct by its inside: a stage by its body, a `repeat` by one copy, an `if` by a branch, an edge with layers by
/// one without.
std::vector<Edits> unwrapped(const SourceTree& tree) {
  std::vector<Edits> out;
  for (const Piece* piece : tree.pieces()) {
    switch (piece->statement->kind) {
      case StatementKind::stage: out.push_back({{piece->at, labelled(tree, piece->bodies[0])}}); break;
      case StatementKind::repeat:
      case StatementKind::condition:
        for (const SourceTree::Body& body : piece->bodies) out.push_back({{piece->at, tree.text(body.at)}});
        break;
      case StatementKind::gate: out.push_back({{piece->at, tree.text(piece->bodies[0].at)}}); break;
      case StatementKind::skip:
      case StatementKind::concat:
        if (piece->bodies.empty()) break;
        // With a list, what it makes may be spread, and its start not.
        for (const bool spread : {false, piece->statement->spread}) out.push_back({{piece->at, without_list(*piece->statement, spread)}});
        break;
      case StatementKind::from:
      case StatementKind::call:
      case StatementKind::let:
      case StatementKind::input:
      case StatementKind::output: break;
    }
  }
  return out;
}

/// The argument of a block's parameter in a call; nothing if the call leaves it out.
std::optional<WordRange> argument_of(const SourceTree& tree, const Piece& call, const Definition& block, size_t parameter) {
  const std::string_view name = block.definition->parameters[parameter].name.text;
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const WordRange at = call.arguments[i];
    const bool named = at.size() > 2 && tree.words()[at.first + 1].is("=");
    if (named ? tree.words()[at.first].text == name : i == parameter) return tree.value_of(at);
  }
  return std::nullopt;
}

std::optional<WordRange> default_of(const SourceTree& tree, const Definition& definition, size_t parameter) {
  const WordRange at = definition.parameters[parameter];
  return at.size() > 1 ? std::optional(tree.value_of(at)) : std::nullopt;
}

std::vector<const Piece*> calls_of(const SourceTree& tree, const Definition& block) {
  std::vector<const Piece*> out;
  for (const Piece* piece : tree.pieces()) {
    const bool calls = piece->statement->kind == StatementKind::call && piece->statement->name.text == block.definition->name.text;
    if (calls && !block.network) out.push_back(piece);
  }
  return out;
}

/// Edits that replace the only call of a block by the block's body, with labels renamed if they are used there already.
std::vector<Edits> inlined(const SourceTree& tree) {
  std::vector<Edits> out;
  for (const Definition& block : tree.definitions()) {
    const std::vector<const Piece*> calls = calls_of(tree, block);
    if (calls.size() != 1 || (calls[0]->at.first >= block.at.first && calls[0]->at.first < block.at.last)) continue;
    Edits inside;
    for (size_t i = 0; i < block.parameters.size(); ++i) {
      const auto given = argument_of(tree, *calls[0], block, i);
      const auto value = given ? given : default_of(tree, block, i);
      const std::string_view name = block.definition->parameters[i].name.text;
      if (value) substitute(tree, block.body.at, name, operand(tree, *value), inside);
    }
    const Edits substituted = inside;
    std::set<std::string_view> labels_elsewhere;
    for (const Piece* piece : tree.pieces()) {
      const bool within = piece->at.first >= block.at.first && piece->at.last <= block.at.last;
      if (!within && piece->statement->label) labels_elsewhere.insert(piece->statement->label->text);
    }
    const std::set<std::string_view> taken = taken_names(tree);
    for (size_t i = block.body.at.first; i < block.body.at.last; ++i) {
      const Token& word = tree.words()[i];
      const bool label = tree.words()[i + 1].is(":") || tree.words()[i - 1].is("from") || tree.words()[i - 1].is("via");
      if (word.kind == TokenKind::name && label && labels_elsewhere.contains(word.text)) {
        inside.push_back({{i, i + 1}, fresh(word.text, taken)});
      }
    }
    for (const Edits& edits : {substituted, inside}) out.push_back({{calls[0]->at, tree.text(block.body.at, edits)}, {block.at, ""}});
  }
  return out;
}

/// Edits that remove a parameter from its definition and all calls. Its default replaces it, or the argument of the first call.
std::vector<Edits> parameters(const SourceTree& tree) {
  std::vector<Edits> out;
  for (const Definition& definition : tree.definitions()) {
    const std::vector<const Piece*> calls = calls_of(tree, definition);
    for (size_t i = 0; i < definition.parameters.size(); ++i) {
      const std::optional<WordRange> given = calls.empty() ? std::nullopt : argument_of(tree, *calls[0], definition, i);
      for (const std::optional<WordRange>& value : {default_of(tree, definition, i), given}) {
        Edits edits = {{tree.element(definition.parameters, i), ""}};
        const std::string_view name = definition.definition->parameters[i].name.text;
        if (value) substitute(tree, definition.at, name, operand(tree, *value), edits);
        for (const Piece* call : calls) {
          const auto argument = argument_of(tree, *call, definition, i);
          if (!argument) continue;
          const auto at =
              std::find_if(call->arguments.begin(), call->arguments.end(), [&](WordRange a) { return a.last == argument->last; });
          edits.push_back({tree.element(call->arguments, static_cast<size_t>(at - call->arguments.begin())), ""});
        }
        out.push_back(std::move(edits));
      }
    }
  }
  return out;
}

/// Edits that replace the name of a `let` by its value.
std::vector<Edits> lets(const SourceTree& tree) {
  std::vector<Edits> out;
  for (const Definition& definition : tree.definitions()) {
    for (const Piece* piece : tree.pieces()) {
      if (piece->statement->kind != StatementKind::let || piece->at.first < definition.at.first || piece->at.last > definition.at.last)
        continue;
      Edits edits = {{piece->at, ""}};
      substitute(tree, {piece->at.last, definition.at.last}, piece->statement->name.text, operand(tree, piece->values[0].at), edits);
      out.push_back(std::move(edits));
    }
  }
  return out;
}

/// Edits that remove single arguments, `mean` and `std`, `spread` and labels, and that replace a label by `in`.
std::vector<Edits> details(const SourceTree& tree) {
  std::vector<Edits> out;
  const std::span<const Token> words = tree.words();
  for (const Piece* piece : tree.pieces()) {
    const ast::Statement& s = *piece->statement;
    for (size_t i = piece->arguments.size(); i-- > 0;) out.push_back({{tree.element(piece->arguments, i), ""}});
    if (s.kind == StatementKind::call && s.label) out.push_back({{{piece->at.first, piece->at.first + 2}, ""}});
    if (s.spread) out.push_back({{{piece->at.first + 1, piece->at.first + 2}, ""}});
    if (s.kind != StatementKind::call && s.label) {
      const size_t label = tree.word_at(s.label->at);
      out.push_back({{{label, label + 1}, ""}});
    }
    if (s.source && s.source->text != "in") {
      const size_t source = tree.word_at(s.source->at);
      out.push_back({{{source, source + 1}, "in"}});
    }
    if (s.kind != StatementKind::input) continue;
    for (size_t i = piece->at.first, start = i; i < piece->at.last; ++i) {
      if (words[i].is("=")) start = i - 1;
      if (words[i].is(")") && words[start + 1].is("=")) out.push_back({{{start, i + 1}, ""}});
    }
  }
  for (size_t i = 1; i + 1 < words.size(); ++i) {
    if (words[i].is("(") && words[i + 1].is(")") && words[i - 1].kind == TokenKind::name) out.push_back({{{i, i + 2}, ""}});
  }
  return out;
}

constexpr EditList lists[] = {
    {blocks, true},   {statements, true},      {unwrapped},       {inlined}, {parameters}, {lets}, {details},
    {simpler_values}, {smaller_equal_numbers}, {smaller_numbers},
};

}  // namespace

std::span<const EditList> all_edit_lists() { return lists; }

}  // namespace resnetc
