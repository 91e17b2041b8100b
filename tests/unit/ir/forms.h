/// \file Checks that both forms of an IR hold all of it: each can be read back, and the result prints like the first IR in both forms.
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
  // The texts are compared here because doctest would copy texts of a megabyte.
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
