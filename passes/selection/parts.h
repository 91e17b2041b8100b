/// \file Which values of a graph become parts of other tensors, so that concatenations and slices of channels cost no pass over memory.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/graph.h"

namespace resnetc::passes {

/// A value's place among the channels of another value. `whole` is the value itself for all that are no parts.
struct Part {
  graph::ValueId whole = graph::no_value;
  int64_t first_channel = 0;
};

/// A part of each value of the graph. A concatenation's operand is a part of it if the operand's kernel can write there: the operand begins
/// with a whole vector, and the part before it does not end within one, for a kernel writes whole vectors. Otherwise a copy must follow,
/// for the concatenation itself. A slice is a part of its operand, wherever it begins.
std::vector<Part> find_parts(const graph::Graph& graph);

/// An operand of a concatenation that must be copied into it, and where.
struct Copy {
  graph::ValueId from = graph::no_value;
  Part to;
};
/// The copies that make a concatenation; none for other operations. They stand in the order in which they are made: a copy's last vector may
/// reach into what the next one writes.
std::vector<Copy> copies_into(const graph::Graph& graph, const std::vector<Part>& parts, graph::ValueId concatenation);

}  // namespace resnetc::passes
