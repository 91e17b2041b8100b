/// \file Compares the graph that a text gives with the network that it was written from.
#pragma once

#include <string>
#include <vector>

#include "import/network.h"
#include "import/statements.h"
#include "ir/recipe.h"
#include "support/failure.h"

namespace resnetc::importer {

/// A tensor of the checkpoint that the text asks for, and what the model holds for it.
struct NamedWeight {
  std::string name;
  std::vector<int64_t> shape;
  TensorPtr values;
};

/// Reads the text of the network `name` with the front end, lowers it to a graph, and compares that with `network`: each operation, its
/// attributes, its operands, its type and the shapes of its weights, in the order of `body`, and the outputs. Returns the weights under the
/// names that the text asks for. Any difference is a bug.
Result<std::vector<NamedWeight>> check_text(const std::string& text, const std::string& name, const Network& network,
                                            const Statements& body, const std::vector<std::string>& output_names,
                                            const std::vector<std::string>& installed_dirs);

}  // namespace resnetc::importer
