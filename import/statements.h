/// \file The statements of a text, before they are written.
#pragma once

#include <string>
#include <vector>

#include "import/network.h"

namespace resnetc::importer {

enum class StatementKind {
  layer,
  skip,
  concat,
  gate,
  from,    ///< goes back to an earlier value
  output,  ///< `output NAME from LABEL`
  call,    ///< of a block
  repeat,  ///< of equal runs of calls
  stage,
};

/// A statement. Layers stand in the order in which the front end makes their operations.
struct Statement {
  StatementKind kind = StatementKind::layer;
  LayerId layer = no_layer;      ///< layer; skip, concat, gate: the operation where two values meet
  LayerId source = no_layer;     ///< skip, concat: where the edge starts; from, output: the value
  bool list = false;             ///< skip, concat: whether there are layers on the edge
  bool spread = false;           ///< skip, concat: whether the value on the edge is spread over the current one
  LayerId spreading = no_layer;  ///< concat: the operation that makes a picture of the vector on the edge
  std::string label{};           ///< layer: before the colon; skip, concat, gate: after `via`; may be empty
  std::string mark{};            ///< skip, concat, gate: a name for the value behind it, which other statements refer to; usually empty
  std::string name{};            ///< output, stage, call: as written
  std::string arguments{};       ///< call: "(64, stride = 2)", or empty
  size_t written = 1;            ///< repeat: how many calls of the body make a run, which is written once
  /// skip, concat, gate: the layers on the way. stage: its statements. call: what the block stands for. repeat: the calls of all runs.
  std::vector<Statement> body{};
};
using Statements = std::vector<Statement>;

/// Whether two values meet in a statement.
constexpr bool joins(StatementKind kind) {
  return kind == StatementKind::skip || kind == StatementKind::concat || kind == StatementKind::gate;
}
/// Whether a statement is an edge from an earlier value.
constexpr bool is_edge(StatementKind kind) { return kind == StatementKind::skip || kind == StatementKind::concat; }
/// Whether the source of a statement is a value that it takes into the path.
constexpr bool reads_source(StatementKind kind) { return is_edge(kind) || kind == StatementKind::from; }

/// Calls `visit` with the id of each layer and each operation where two values meet, in the order in which the front end makes them.
template <class Visit>
void for_each_layer(const Statements& statements, Visit visit) {
  for (const Statement& s : statements) {
    for_each_layer(s.body, visit);
    if (s.spreading != no_layer) visit(s.spreading);
    if (s.kind == StatementKind::layer || joins(s.kind)) visit(s.layer);
  }
}

}  // namespace resnetc::importer
