/// \file The syntax tree of one file. Names are ranges of the source texts, which outlive the tree.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "support/location.h"

namespace resnetc::ast {

struct Name {
  std::string_view text;  ///< without the quotes that a label may have
  Location at;
  bool quoted = false;  ///< labels and stages: part of weights' names as it stands; names no value
};

enum class ExprKind { integer, name, negate, add, subtract, multiply, divide, remainder };

struct ExprItem {
  ExprKind kind = ExprKind::integer;
  int64_t value = 0;      ///< integer
  std::string_view text;  ///< name, or the operator
  Location at;
};

/// An expression in postfix order. So neither its evaluation nor its destruction recurses.
struct Expr {
  std::vector<ExprItem> postfix;
  Location at;
};

enum class ValueKind { expr, kernel, pair, sides, decimal };

/// The value of an argument. A kernel size `3x3` is a pair of two literals.
struct Value {
  ValueKind kind = ValueKind::expr;
  Expr first;   ///< expr; kernel, pair: the height; sides: the top
  Expr second;  ///< kernel, pair: the width; sides: the left
  Expr third;   ///< sides: the bottom
  Expr fourth;  ///< sides: the right
  double decimal = 0;
  Location at;
};

struct Argument {
  std::optional<Name> name;
  Value value;
};

struct Number {
  double value = 0;
  Location at;
};

/// `mean = (...)` or `std = (...)`.
struct Normalisation {
  Name name;
  std::vector<Number> numbers;
};

struct Input {
  Name element;  ///< f32 or u8
  std::vector<Expr> dimensions;
  std::vector<Normalisation> normalisations;
  Location type_at;  ///< `f32[...]`
};

enum class StatementKind { call, let, repeat, condition, stage, input, output, skip, concat, gate, from };

struct Statement {
  StatementKind kind = StatementKind::call;
  Location at;                       ///< of the statement without its braces
  std::optional<Name> label;         ///< call: before the `:`; skip, concat, gate: after `via`
  Name name;                         ///< call: the layer or block; let, stage, input, output: the name that it defines
  std::vector<Argument> arguments;   ///< call
  Expr expr;                         ///< let, repeat, condition
  bool spread = false;               ///< skip, concat: whether `spread` follows
  std::optional<Name> source;        ///< skip, concat, from, output: after `from`
  std::vector<Statement> body;       ///< repeat, stage, skip, concat, gate; condition: if it is not 0
  bool bare = false;                 ///< repeat: whether it has one statement without braces
  std::vector<Statement> otherwise;  ///< condition: if it is 0
  Location end;                      ///< of the statement's last word; unknown if the text breaks off
  std::unique_ptr<Input> input;      ///< input
};

struct Parameter {
  Name name;
  std::optional<Expr> value;
};

/// A block or a network.
struct Definition {
  Name name;
  std::vector<Parameter> parameters;
  std::vector<Statement> body;
  Location end;  ///< of its last `}`
};

struct Use {
  std::string_view path;
  Location at;
};

struct File {
  std::vector<Use> uses;
  std::vector<Definition> blocks;
  std::optional<Definition> network;
};

}  // namespace resnetc::ast
