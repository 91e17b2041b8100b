/// \file Edits of expressions, then of the numbers in them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "frontend/reduce_edits.h"
#include "frontend/scope.h"

namespace resnetc {
namespace {

std::optional<int64_t> constant(const ast::Expr& expr) {
  Sources sources;
  Diagnostics diagnostics(sources);
  Reporter reporter(diagnostics);
  return evaluate(expr, {}, reporter);
}

/// Smaller numbers that may replace a number, the smallest first. The number of steps to the least possible number is logarithmic.
std::vector<int64_t> smaller(int64_t value) {
  std::set<int64_t> out;
  for (int64_t small = 0; small < std::min<int64_t>(value, 5); ++small) out.insert(small);
  for (int64_t gap = value - value / 2; gap > 0; gap /= 2) out.insert(value - gap);
  return {out.begin(), out.end()};
}

std::string kernel(const Token& word, int64_t most) {
  return fmt::format("{}x{}", std::min(word.value, most), std::min(word.value2, most));
}

std::vector<Edits> integers(const SourceTree& tree, bool together) {
  std::map<int64_t, std::vector<size_t>> places;
  std::vector<Edits> out;
  for (size_t i = 0; i < tree.words().size(); ++i) {
    const Token& word = tree.words()[i];
    if (word.kind == TokenKind::integer) places[-word.value].push_back(i);  // large numbers first
    if (word.kind != TokenKind::kernel || together) continue;
    for (int64_t most = 1; most < std::min<int64_t>(std::max(word.value, word.value2), 5); ++most) {
      out.push_back({{{i, i + 1}, kernel(word, most)}});
    }
  }
  for (const auto& [negated, words] : places) {
    for (const int64_t value : smaller(-negated)) {
      Edits all;
      for (const size_t i : words) all.push_back({{i, i + 1}, std::to_string(value)});
      if (together) {
        out.push_back(std::move(all));
      } else {
        for (const Edit& edit : all) out.push_back({edit});
      }
    }
  }
  return out;
}

}  // namespace

std::vector<Edits> simpler_values(const SourceTree& tree) {
  std::vector<SourceTree::Value> all;
  for (const SourceTree::Piece* piece : tree.pieces()) all.insert(all.end(), piece->values.begin(), piece->values.end());
  for (const SourceTree::Definition& definition : tree.definitions())
    all.insert(all.end(), definition.defaults.begin(), definition.defaults.end());
  std::vector<Edits> out;
  for (const auto& [at, expr] : all) {
    const std::span<const Token> words = tree.words().subspan(at.first, at.size());
    if (words.size() == 1 && words[0].kind != TokenKind::name) continue;
    out.push_back({{at, "1"}});
    if (words[0].is("[")) out.push_back({{at, "1x1"}});
    if (words.size() == 1) continue;
    if (const auto value = expr ? constant(*expr) : std::nullopt) out.push_back({{at, std::to_string(*value)}});
    for (const Token& word : words) {
      if (word.kind == TokenKind::name || word.kind == TokenKind::integer) out.push_back({{at, std::string(word.text)}});
    }
  }
  return out;
}

std::vector<Edits> smaller_equal_numbers(const SourceTree& tree) { return integers(tree, true); }
std::vector<Edits> smaller_numbers(const SourceTree& tree) { return integers(tree, false); }

}  // namespace resnetc
