/// \file The search: tries one list of edits after another until none helps.
#include "frontend/reduce.h"

#include <fmt/format.h>
#include <llvm/Support/xxhash.h>

#include <algorithm>
#include <set>

#include "frontend/lexer.h"
#include "frontend/parser.h"
#include "frontend/reduce_edits.h"

namespace resnetc {
namespace {

class Reducer {
 public:
  Reducer(std::unique_ptr<const SourceTree> tree, const std::function<Verdict(const std::string&)>& test)
      : tree_(std::move(tree)), test_(test) {}

  std::string run() {
    SourceSize before;
    do {
      before = tree_->size();
      for (const EditList& list : all_edit_lists()) sweep(list);
    } while (!stopped_ && tree_->size() < before);
    return std::string(tree_->text());
  }

 private:
  /// Tries the edits of a list: many at a time where that makes sense, then fewer. After a success it makes the list again and continues at
  /// the same place, because the edited text has gone or is smaller.
  void sweep(const EditList& list) {
    std::vector<Edits> items = list.make(*tree_);
    for (size_t chunk = list.in_chunks ? items.size() : 1; chunk > 0; chunk /= 2) {
      for (size_t start = 0; start < items.size() && !stopped_;) {
        Edits together;
        for (size_t i = start; i < std::min(start + chunk, items.size()); ++i) {
          together.insert(together.end(), items[i].begin(), items[i].end());
        }
        if (attempt(std::move(together))) {
          items = list.make(*tree_);
        } else {
          start += chunk;
        }
      }
    }
  }

  bool attempt(Edits edits) {
    std::unique_ptr<const SourceTree> candidate = SourceTree::parse(tree_->text(std::move(edits)));
    if (!candidate || candidate->size() >= tree_->size()) return false;
    if (!tried_.insert(llvm::xxh3_64bits(candidate->text())).second) return false;
    const Verdict verdict = test_(std::string(candidate->text()));
    stopped_ = verdict == Verdict::stop;
    if (verdict != Verdict::interesting) return false;
    tree_ = std::move(candidate);
    return true;
  }

  std::unique_ptr<const SourceTree> tree_;
  const std::function<Verdict(const std::string&)>& test_;
  std::set<uint64_t> tried_;
  bool stopped_ = false;
};

}  // namespace

std::string reduce(const std::string& text, const std::function<Verdict(const std::string&)>& test) {
  std::unique_ptr<const SourceTree> tree = SourceTree::parse(text);
  return tree ? Reducer(std::move(tree), test).run() : text;
}

std::optional<std::string> self_contained(std::span<const FileId> files, std::span<const std::pair<std::string, int64_t>> settings,
                                          Sources& sources) {
  std::string all;
  Diagnostics diagnostics(sources);
  for (const FileId file : files) {
    parse_file(file, diagnostics);
    const std::vector<Token> words = lex(file, diagnostics);
    for (size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i].is("use")) {
        ++i;  // the name of its file
      } else {
        all += words[i].first_on_line ? '\n' : ' ';
        all += words[i].text;
      }
    }
  }
  if (diagnostics.has_errors()) return std::nullopt;
  const std::unique_ptr<const SourceTree> tree = SourceTree::parse(std::move(all));
  if (!tree) return std::nullopt;
  Edits edits;
  for (const SourceTree::Definition& definition : tree->definitions()) {
    if (!definition.network) continue;
    for (const WordRange& parameter : definition.parameters) {
      const std::string_view name = tree->words()[parameter.first].text;
      const auto set = std::find_if(settings.begin(), settings.end(), [&](const auto& setting) { return setting.first == name; });
      if (set != settings.end()) edits.push_back({parameter, fmt::format("{} = {}", name, set->second)});
    }
  }
  const std::unique_ptr<const SourceTree> result = SourceTree::parse(tree->text(std::move(edits)));
  return result ? std::optional(std::string(result->text())) : std::nullopt;
}

}  // namespace resnetc
