/// \file Matches a block's definition with a piece: first what its parameters must be, then whether each layer has the same attributes.
#include "import/library_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "frontend/arguments.h"
#include "frontend/frontend.h"
#include "frontend/load.h"
#include "frontend/parser.h"

namespace resnetc::importer {
namespace {

namespace fs = std::filesystem;
using Values = std::map<std::string_view, int64_t>;

/// A parameter that an expression gives directly: `width`, or `4 * width`, whose factor is 4.
struct Direct {
  std::string_view name;
  int64_t factor = 1;
};
std::optional<Direct> direct(const ast::Expr& expr) {
  const auto& p = expr.postfix;
  if (p.size() == 1 && p[0].kind == ast::ExprKind::name) return Direct{p[0].text, 1};
  if (p.size() == 3 && p[2].kind == ast::ExprKind::multiply) {
    if (p[0].kind == ast::ExprKind::integer && p[1].kind == ast::ExprKind::name) return Direct{p[1].text, p[0].value};
    if (p[1].kind == ast::ExprKind::integer && p[0].kind == ast::ExprKind::name) return Direct{p[0].text, p[1].value};
  }
  return std::nullopt;
}

class Matching {
 public:
  Matching(const ast::Definition& definition, const Piece& piece, const Network& network, Sources& sources)
      : definition_(definition), piece_(piece), network_(network), diagnostics_(sources), reporter_(diagnostics_) {}

  std::optional<std::string> arguments() {
    const size_t count = static_cast<size_t>(piece_.end - piece_.begin);
    // `4 * width` says what width is only if nothing says it plainly.
    for (const bool plain : {true, false}) bind_all(definition_.body, piece_.begin, count, plain);
    if (!complete()) return std::nullopt;
    labels_.clear();
    if (!same(definition_.body, piece_.begin, count, piece_.input) || diagnostics_.has_errors()) return std::nullopt;
    return call();
  }

 private:
  // What the parameters must be

  void bind_all(const std::vector<ast::Statement>& statements, const Statement* piece, size_t count, bool plain) {
    for (size_t i = 0; i < std::min(statements.size(), count); ++i) {
      const ast::Statement& s = statements[i];
      if (piece[i].kind == StatementKind::layer && s.kind == ast::StatementKind::call) bind_layer(s, piece[i], plain);
      if (piece[i].kind != StatementKind::layer) bind_all(s.body, piece[i].body.data(), piece[i].body.size(), plain);
    }
  }

  void bind_layer(const ast::Statement& call, const Statement& piece, bool plain) {
    const Layer& layer = network_.node(piece.layer);
    const std::vector<WrittenArgument> have = arguments_of(layer);
    for (size_t i = 0; i < call.arguments.size(); ++i) {
      const ast::Argument& argument = call.arguments[i];
      if (argument.value.kind != ast::ValueKind::expr) continue;
      const auto found = argument.name
                             ? std::find_if(have.begin(), have.end(), [&](const auto& a) { return a.name == argument.name->text; })
                             : have.begin() + static_cast<ptrdiff_t>(std::min(i, have.size()));
      const std::optional<Direct> parameter = direct(argument.value.first);
      if (found == have.end() || !parameter || found->numbers.empty() || parameter->factor <= 0) continue;
      if (plain != (parameter->factor == 1) || found->numbers[0] % parameter->factor != 0) continue;
      bound_.emplace(parameter->name, found->numbers[0] / parameter->factor);
    }
  }

  /// Gives the other parameters their defaults; false if one has none.
  bool complete() {
    for (const ast::Parameter& parameter : definition_.parameters) {
      auto found = bound_.find(parameter.name.text);
      std::optional<int64_t> value;
      if (parameter.value) value = evaluate(*parameter.value, scope_, reporter_);
      if (value) defaults_.emplace(parameter.name.text, *value);
      if (found == bound_.end()) {
        if (!value) return false;
        found = bound_.emplace(parameter.name.text, *value).first;
      }
      scope_.names.emplace(parameter.name.text, Binding{found->second, parameter.name.at});
    }
    return true;
  }

  // Whether the layers are the same

  bool same(const std::vector<ast::Statement>& statements, const Statement* piece, size_t count, LayerId in) {
    if (statements.size() != count) return false;
    for (size_t i = 0; i < count; ++i) {
      const ast::Statement& s = statements[i];
      const Statement& p = piece[i];
      switch (p.kind) {
        case StatementKind::layer:
          if (s.kind != ast::StatementKind::call || !same_layer(s, network_.node(p.layer))) return false;
          if (s.label) labels_[s.label->text] = p.layer;
          break;
        case StatementKind::skip: {
          if (s.kind != ast::StatementKind::skip || p.list == s.body.empty() || s.spread != p.spread) return false;
          const auto found = labels_.find(s.source->text);
          const LayerId source = s.source->text == "in" ? in : found == labels_.end() ? no_layer : found->second;
          if (source != p.source || !same(s.body, p.body.data(), p.body.size(), source)) return false;
          break;
        }
        case StatementKind::gate:
          if (s.kind != ast::StatementKind::gate || !same(s.body, p.body.data(), p.body.size(), p.source)) return false;
          break;
        default: return false;
      }
    }
    return true;
  }

  bool same_layer(const ast::Statement& call, const Layer& layer) {
    const std::optional<OpKind> kind = layer_named(call.name.text);
    return kind && *kind == layer.op && layer_attributes(*kind, call, space_of(network_.input.type), scope_, reporter_) == layer.attributes;
  }

  std::string call() const {
    std::string list;
    for (const ast::Parameter& parameter : definition_.parameters) {
      const int64_t value = bound_.at(parameter.name.text);
      const auto usual = defaults_.find(parameter.name.text);
      if (usual != defaults_.end() && usual->second == value) continue;
      if (!list.empty()) list += ", ";
      list += usual == defaults_.end() ? std::to_string(value) : fmt::format("{} = {}", parameter.name.text, value);
    }
    return list.empty() ? list : "(" + list + ")";
  }

  const ast::Definition& definition_;
  const Piece& piece_;
  const Network& network_;
  Diagnostics diagnostics_;
  Reporter reporter_;
  Scope scope_;
  Values bound_, defaults_;
  std::map<std::string_view, LayerId> labels_;
};

}  // namespace

struct LibraryBlocks::State {
  Sources sources;
  std::vector<std::string> names;
  std::vector<ast::File> trees;
};

LibraryBlocks::LibraryBlocks(const std::vector<std::string>& installed_dirs) : state_(std::make_unique<State>()) {
  for (const std::string& folder : installed_dirs) {
    std::vector<fs::path> paths;
    std::error_code error;
    for (fs::directory_iterator at(folder + "/blocks", error), end; !error && at != end; at.increment(error)) {
      if (at->path().extension() == ".rn") paths.push_back(at->path());
    }
    std::sort(paths.begin(), paths.end());
    for (const fs::path& path : paths) {
      Result<std::string> text = read_source(path.string(), {});
      if (!text) continue;
      Diagnostics diagnostics(state_->sources);
      ast::File tree = parse_file(state_->sources.add(path.string(), std::move(*text)), diagnostics);
      if (diagnostics.has_errors()) continue;  // a library that is broken is of no use here, and reported where it is used
      state_->names.push_back("blocks/" + path.filename().string());
      state_->trees.push_back(std::move(tree));
    }
  }
}
LibraryBlocks::~LibraryBlocks() = default;

const std::vector<std::string>& LibraryBlocks::files() const { return state_->names; }

std::optional<LibraryCall> LibraryBlocks::call_for(size_t file, const Piece& piece, const Network& network) {
  for (const ast::Definition& definition : state_->trees[file].blocks) {
    if (auto arguments = Matching(definition, piece, network, state_->sources).arguments()) {
      return LibraryCall{std::string(definition.name.text), std::move(*arguments)};
    }
  }
  return std::nullopt;
}

std::vector<std::string> LibraryBlocks::names(size_t file) const {
  std::vector<std::string> names;
  for (const ast::Definition& definition : state_->trees[file].blocks) names.emplace_back(definition.name.text);
  return names;
}

}  // namespace resnetc::importer
