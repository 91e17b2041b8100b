/// \file The meaning of names while a network is resolved: values of parameters and `let`, and labels.
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "frontend/ast.h"
#include "ir/topology.h"
#include "support/diagnostics.h"

namespace resnetc {

/// The value of an integer name; nothing if its expression had an error, which has been reported.
struct Binding {
  std::optional<int64_t> value;
  Location at;
};

/// The value that a label names; `no_value` for the label of a list, which names none.
struct Label {
  topology::ValueId value = topology::no_value;
  Location at;
};

/// The names of one network, block, stage, list or copy of a `repeat`. A block's scope has no parent: a block sees only its parameters.
struct Scope {
  const Scope* parent = nullptr;
  std::map<std::string_view, Binding> names;
  std::map<std::string_view, Label> labels;

  const Binding* find_name(std::string_view name) const;
  const Label* find_label(std::string_view name) const;
  std::vector<std::string_view> all_names() const;
  std::vector<std::string_view> all_labels() const;
};

/// Reports errors and warnings, at most one for each place: an error that a `repeat` copies a hundred times is one error.
class Reporter {
 public:
  explicit Reporter(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  /// Null if an error has been reported at this place before.
  Diagnostic* error(Location at, std::string text) {
    return seen_.emplace(at, true).second ? &diagnostics_.error(at, std::move(text)) : nullptr;
  }
  /// Reports a warning, also at most one for each place.
  void warning(Location at, std::string text) {
    if (seen_.emplace(at, true).second) diagnostics_.warning(at, std::move(text));
  }
  /// Reports an error that depends on a block's parameters, with the place where the innermost block is used.
  Diagnostic* error_in_use(Location at, std::string text);

  size_t error_count() const { return diagnostics_.error_count(); }

  /// The blocks that are being resolved, outermost first: name and place of use.
  std::vector<ast::Name> uses;
  /// The work so far, measured by the lengths of expressions and statements.
  int64_t steps = 0;

 private:
  Diagnostics& diagnostics_;
  std::map<Location, bool> seen_;
};

/// The value of an expression; nothing after an error, here or in a name that it uses.
std::optional<int64_t> evaluate(const ast::Expr& expr, const Scope& scope, Reporter& reporter);

}  // namespace resnetc
