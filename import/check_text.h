/// \file Compares the graph that a text gives with the network that it was written from.
#pragma once

#include <string>
#include <vector>

#include "import/network.h"
#include "import/statements.h"
#include "ir/ranges.h"
#include "ir/recipe.h"
#include "support/failure.h"

namespace resnetc::importer {

/// A tensor of the checkpoint that the text asks for, and what the model holds for it.
struct NamedWeight {
  std::string name;
  std::vector<int64_t> shape;
  TensorPtr values;
};

/// What the text and the model say of each other's parts.
struct CheckedText {
  std::vector<NamedWeight> weights;  ///< under the names that the text asks for
  Ranges ranges;                     ///< of the values that the model rounds, and of the weights that it has as integers; may be empty
};

/// Reads the text of the network `name` with the front end, lowers it to a graph, and compares that with `network`: each operation, its
/// attributes, its operands, its type and the shapes of its weights, in the order of `body`, and the outputs. Any difference is a bug.
Result<CheckedText> check_text(const std::string& text, const std::string& name, const Network& network, const Statements& body,
                               const std::vector<std::string>& output_names, const std::vector<std::string>& installed_dirs);

}  // namespace resnetc::importer
