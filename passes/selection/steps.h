/// \file The steps of an operation's kernel.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace resnetc::passes {

/// The operation itself, if it is a step or becomes one, and its epilogue. Of an operation that reads or makes integers, the arithmetic of
/// ir/quantized.h: the steps that only programs have make numbers of integers and integers of numbers, constants count the operation's
/// units, and the first bias makes up for the zeros of what is summed.
std::vector<graph::Step> steps_of(const graph::Graph& graph, const graph::Op& op);

}  // namespace resnetc::passes
