/// \file Gives a path of layers the structure that people give their networks: blocks, repeats and stages.
#pragma once

#include <string>
#include <vector>

#include "import/labels.h"
#include "import/network.h"
#include "import/statements.h"
#include "import/write_text.h"

namespace resnetc::importer {

/// Moves pieces of `text.body`, which has no labels yet, into blocks, repeats and stages, and adds the blocks and the library's files that
/// they need to `text`. Stages have the model's names. `names` are the names of the network that are taken. Where pieces differ in the
/// factor of a `multiply`, these become `scale` in `network`, with as many equal weights as there are channels, so that they can be one
/// block: its parameters are whole numbers.
void give_structure(NetworkText& text, Network& network, const std::vector<std::string>& installed_dirs, NameTable& names);

}  // namespace resnetc::importer
