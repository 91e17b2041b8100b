/// \file That both forms of an IR say all of it: each reads back, and what was read prints as the first did, in either form.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "ir/graph.h"
#include "ir/program.h"
#include "ir/topology.h"

namespace ir_test {

template <class Ir, class Parse>
void check_reads_back(const std::string& form, const Ir& ir, Parse parse, resnetc::Sources& sources) {
  resnetc::Diagnostics diagnostics(sources);
  const auto again = parse(sources.add("again.ir", form), diagnostics);
  REQUIRE_MESSAGE(again.has_value(), diagnostics.render());
  // Compared before doctest has them: it would copy texts of a megabyte.
  const bool same_text = print(*again, sources) == print(ir, sources), same_json = to_json(*again, sources) == to_json(ir, sources);
  CHECK(same_text);
  CHECK(same_json);
}

inline void check_forms(const resnetc::topology::Network& network, resnetc::Sources& sources) {
  check_reads_back(print(network, sources), network, resnetc::topology::parse, sources);
  check_reads_back(to_json(network, sources), network, resnetc::topology::parse_json, sources);
}

inline void check_forms(const resnetc::graph::Graph& graph, resnetc::Sources& sources) {
  check_reads_back(print(graph, sources), graph, resnetc::graph::parse, sources);
  check_reads_back(to_json(graph, sources), graph, resnetc::graph::parse_json, sources);
}

inline void check_forms(const resnetc::program::Program& program, resnetc::Sources& sources) {
  check_reads_back(print(program, sources), program, resnetc::program::parse, sources);
  check_reads_back(to_json(program, sources), program, resnetc::program::parse_json, sources);
}

}  // namespace ir_test
