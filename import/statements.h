/// \file The statements of a text, before they are written.
#pragma once

#include <string>
#include <vector>

#include "import/network.h"

namespace resnetc::importer {

enum class StatementKind {
  layer,
  skip,
  gate,
  output,  ///< `output NAME from LABEL`
  call,    ///< of a block
  repeat,  ///< of equal calls
  stage,
};

/// A statement. Layers stand in the order in which the front end makes their operations.
struct Statement {
  StatementKind kind = StatementKind::layer;
  LayerId layer = no_layer;   ///< layer; skip, gate: the operation where two values meet
  LayerId source = no_layer;  ///< skip: where the edge starts; output: the value
  bool list = false;          ///< skip: whether there are layers on the edge
  std::string label{};        ///< layer: before the colon; skip, gate: after `via`; may be empty
  std::string mark{};         ///< skip, gate: a name for the value behind it, which other statements refer to; usually empty
  std::string name{};         ///< output, stage, call: as written
  std::string arguments{};    ///< call: "(64, stride = 2)", or empty
  /// skip, gate: the layers on the way. stage: its statements. call: what the block stands for. repeat: all calls, of which one is written.
  std::vector<Statement> body{};
};
using Statements = std::vector<Statement>;

/// Calls `visit` with the id of each layer and each operation where two values meet, in the order in which the front end makes them.
template <class Visit>
void for_each_layer(const Statements& statements, Visit visit) {
  for (const Statement& s : statements) {
    for_each_layer(s.body, visit);
    if (s.kind == StatementKind::layer || s.kind == StatementKind::skip || s.kind == StatementKind::gate) visit(s.layer);
  }
}

}  // namespace resnetc::importer
