/// \file An IR of any of the three levels, for code that serves them all.
#pragma once

#include <string>
#include <variant>

#include "ir/graph.h"
#include "ir/program.h"
#include "ir/topology.h"

namespace resnetc::passes {

enum class Level { topology, graph, program };

using AnyIr = std::variant<topology::Network, graph::Graph, program::Program>;
Level level_of(const AnyIr& ir);
/// The name in the text form: "topology", "graph" or "program".
const char* level_name(Level level);
std::string print(const AnyIr& ir, const Sources& sources);
/// Prints only what makes these values, in the text form. The result is for people: parse() cannot read it.
std::string excerpt(const AnyIr& ir, const ValueNames& names, const Sources& sources);
/// The excerpt of each value by itself.
Excerpts excerpts(const AnyIr& ir, const Sources& sources);

/// The name of the network.
const std::string& name_of(const AnyIr& ir);

}  // namespace resnetc::passes
