/// \file What names mean while a network is resolved: values of parameters and `let`, and labels.
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "frontend/ast.h"
#include "ir/topology.h"
#include "support/diagnostics.h"

namespace resnetc {

/// What an integer name stands for; nothing where its expression was wrong, which has been reported.
struct Binding {
  std::optional<int64_t> value;
  Location at;
};

/// What a label stands for; `no_value` for the label of a list, which names no value.
struct Label {
  topology::ValueId value = topology::no_value;
  Location at;
};

/// The names of one network, block, stage, list or copy of a `repeat`. A block's scope has no parent: it sees its parameters only.
struct Scope {
  const Scope* parent = nullptr;
  std::map<std::string_view, Binding> names;
  std::map<std::string_view, Label> labels;

  const Binding* find_name(std::string_view name) const;
  const Label* find_label(std::string_view name) const;
  std::vector<std::string_view> all_names() const;
  std::vector<std::string_view> all_labels() const;
};

/// Reports errors and warnings, at most one a place: what a `repeat` copies a hundred times is wrong once.
class Reporter {
 public:
  explicit Reporter(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  /// Null where an error has been reported at this place before.
  Diagnostic* error(Location at, std::string text) {
    return seen_.emplace(at, true).second ? &diagnostics_.error(at, std::move(text)) : nullptr;
  }
  /// A warning, at most one a place too.
  void warning(Location at, std::string text) {
    if (seen_.emplace(at, true).second) diagnostics_.warning(at, std::move(text));
  }
  /// An error that depends on a block's parameters: adds where the innermost block is used.
  Diagnostic* error_in_use(Location at, std::string text);

  /// The blocks that are being resolved, outermost first: name and place of use.
  std::vector<ast::Name> uses;
  /// What has been done so far, in terms of expressions' and statements' lengths.
  int64_t steps = 0;

 private:
  Diagnostics& diagnostics_;
  std::map<Location, bool> seen_;
};

/// The value of an expression, or nothing after its first error, here or in a name it uses.
std::optional<int64_t> evaluate(const ast::Expr& expr, const Scope& scope, Reporter& reporter);

}  // namespace resnetc
