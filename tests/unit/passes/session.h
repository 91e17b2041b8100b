/// \file Runs passes on small networks and graphs, for all tests of passes.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "frontend/frontend.h"
#include "ir/interpreter.h"
#include "passes/pipeline.h"

namespace pass_test {

using namespace resnetc;

/// One compilation: its texts, diagnostics and remarks.
struct Session {
  Sources sources;
  Diagnostics diagnostics{sources};
  passes::PipelineContext context;

  Session() {
    context.diagnostics = &diagnostics;
    context.target = find_target("avx2");
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  topology::Network network(std::string text) {
    auto parsed = parse_network("net.rn", std::move(text), {}, diagnostics);
    REQUIRE_MESSAGE(parsed.has_value(), diagnostics.render());
    return std::move(*parsed);
  }

  graph::Graph graph(std::string text) {
    auto parsed = graph::parse(sources.add("net.graph", std::move(text)), diagnostics);
    REQUIRE_MESSAGE(parsed.has_value(), diagnostics.render());
    return std::move(*parsed);
  }

  bool run(std::string_view pass, passes::AnyIr& ir) {
    REQUIRE_MESSAGE(passes::find_pass(pass) != nullptr, "no such pass: ", pass);
    return passes::run_pass(pass, ir, context);
  }

  /// The network after the pass `stop_after`.
  passes::AnyIr lowered(std::string text, passes::Level until, std::string_view stop_after = {}) {
    passes::AnyIr ir = network(std::move(text));
    bool good = passes::run_pipeline(ir, until, context, stop_after);
    REQUIRE_MESSAGE(good, diagnostics.render());
    return ir;
  }

  graph::Graph lowered_graph(std::string text, std::string_view stop_after) {
    return std::get<graph::Graph>(lowered(std::move(text), passes::Level::graph, stop_after));
  }

  /// The text of the graph that the pass makes from a graph's text.
  std::string rewritten(std::string_view pass, std::string text) {
    passes::AnyIr ir = graph(std::move(text));
    bool good = run(pass, ir);
    REQUIRE_MESSAGE(good, diagnostics.render());
    return passes::print(ir, sources);
  }

  /// The remark of the pass about a value; empty if there is none.
  std::string remark(std::string_view pass, std::string_view value) const {
    std::string found;
    for (const passes::Remark& r : context.remarks) {
      if (r.pass == pass && r.value == value) found += (found.empty() ? "" : "\n") + r.text;
    }
    return found;
  }

  /// The errors of the checks on a network's text, as printed.
  std::string errors(std::string text) {
    passes::AnyIr ir = network(std::move(text));
    passes::run_pipeline(ir, passes::Level::topology, context);
    return diagnostics.render();
  }
};

/// Given weights for some tensors, and the generator's for the others.
class Weights final : public WeightSource {
 public:
  std::map<std::string, double> filled;  ///< the value of all elements of the tensor
  std::map<std::string, std::vector<double>> given;

  std::vector<double> read(const std::string& name, const std::vector<int64_t>& shape) const override {
    if (auto found = given.find(name); found != given.end()) return found->second;
    if (auto found = filled.find(name); found != filled.end()) {
      return std::vector<double>(static_cast<size_t>(element_count(shape)), found->second);
    }
    return GeneratedWeights().read(name, shape);
  }
};

inline Values input_for(const graph::Graph& graph) {
  return generated_input(graph.ops[0].name, 0, graph.ops[0].type.elements(), graph.input.type.element);
}

/// The largest difference of two results, relative to the largest value of the first; infinite if their sizes differ.
inline double difference(const std::vector<Values>& a, const std::vector<Values>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].size() != b[i].size()) return std::numeric_limits<double>::infinity();
    double largest = 1e-30, off = 0;
    for (size_t j = 0; j < a[i].size(); ++j) {
      largest = std::max(largest, std::abs(a[i][j]));
      off = std::max(off, std::abs(a[i][j] - b[i][j]));
    }
    worst = std::max(worst, off / largest);
  }
  return worst;
}

}  // namespace pass_test
