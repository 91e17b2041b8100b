/// \file Labels for the statements of a text without blocks.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "import/network.h"
#include "import/statements.h"

namespace resnetc::importer {

/// Names of one text, each given once.
class NameTable {
 public:
  /// The wanted name as a name of the language, or that with the first number from 2 that makes it a new one.
  std::string unique(std::string_view wanted);
  /// The same for a name that always has a number, from 1.
  std::string numbered(std::string_view base);

 private:
  std::set<std::string, std::less<>> taken_;
  std::map<std::string, int, std::less<>> next_;  ///< for each beginning, the next number to try
};

/// A short name for a kind of layer: "conv", "bn", "fc".
std::string_view short_name(OpKind kind);

/// A short name for the value of a statement in which two values meet.
std::string_view mark_of(StatementKind kind);

/// The values that statements refer to, without those in blocks and stages.
std::set<LayerId> sources_of(const Statements& statements);

/// Gives a label to each statement that needs one: what has weights outside lists, lists that hold such layers, and values that others
/// refer to. The model's own names serve where it has any, joined by `_`.
void label_flat(Statements& statements, const Network& network, NameTable& names);

/// The common path of the layers in a list: "layer2.0.downsample" for "layer2.0.downsample.0" and "layer2.0.downsample.1".
std::string common_scope(const Statements& list, const Network& network);

}  // namespace resnetc::importer
