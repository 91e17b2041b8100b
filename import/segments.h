/// \file Finds the pieces of a path that can become blocks.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "import/network.h"
#include "import/places.h"
#include "import/statements.h"

namespace resnetc::importer {

/// The statements from `begin` up to `end`. A block reads nothing from before it but its input, and nothing after it reads what is inside.
struct Segment {
  size_t begin = 0, end = 0;
  bool block = false;  ///< else the statements stand by themselves
  bool named = false;  ///< whether something outside reads the last value by a name
  std::string module;  ///< block: its path in the model, "features.4", where the model numbers its blocks; else empty
  bool alike = false;  ///< block: it is like another one but for the edge, which it has not
};

/// Divides a body without blocks into such pieces. A block has a skip edge; layers that belong to it by their place join it: the activation
/// behind it, or a batch norm and its activation before it in networks where these stand between the edges. Where the model's names number
/// its blocks, layers of one number belong together, also without an edge.
std::vector<Segment> segments_of(const Statements& body, const Network& network, const Places& places);

}  // namespace resnetc::importer
