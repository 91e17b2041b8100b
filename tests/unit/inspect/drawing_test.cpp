/// \file Drawings of the three levels, and which part does the work of each layer.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "inspect/drawing.h"
#include "inspect/report.h"
#include "passes/lineage.h"
#include "tests/unit/ir/samples.h"
#include "tests/unit/passes/session.h"
#include "tests/unit/random_network.h"

using namespace resnetc;
using pass_test::Session;

namespace {

constexpr const char* residual = R"(
block pair(width, stride = 1) {
  conv1: conv(3x3, width, stride = stride)  bn1: batch_norm  relu
  conv2: conv(3x3, width)                   bn2: batch_norm
  if stride - 1 { skip from in via downsample { conv(1x1, width, stride = stride)  batch_norm } } else { skip from in }
  relu
}
network net() {
  input image: f32[N, 3, 16, 16]
  conv1: conv(3x3, 16)  bn1: batch_norm  relu
  stage layer1 { pair(16)  pair(32, stride = 2) }
  global_avg_pool
  fc: linear(4)
  output logits
})";

size_t count(const std::string& text, const std::string& what) {
  size_t n = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("lineage: a layer is found in the kernel that does its work") {
  Session session;
  const passes::AnyIr network = session.lowered(residual, passes::Level::topology);
  const passes::AnyIr program = session.lowered(residual, passes::Level::program);
  const passes::Lineage to = passes::lineage(network, program);
  CHECK(to.at("image") == "image");
  CHECK(to.at("conv1") == "relu");
  CHECK(to.at("bn1") == "relu");
  CHECK(to.at("layer1.0.skip") == "layer1.0.relu2");
  CHECK(to.at("layer1.1.downsample.0") == "layer1.1.relu2");
  CHECK(to.at("fc") == "fc");
  CHECK(std::none_of(to.begin(), to.end(), [](const auto& one) { return one.second.empty(); }));
  // Step by step, pass after pass, the result is the same.
  const passes::AnyIr graph = session.lowered(residual, passes::Level::graph, "fold-batch-norm");
  CHECK(passes::then(passes::lineage(network, graph), passes::lineage(graph, program)) == to);
}

TEST_CASE("lineage: what a pass on the topology drops is nowhere") {
  Session session;
  pass_test::Weights weights;
  weights.filled = {{"layer1.0.bn2.weight", 0}, {"layer1.0.bn2.bias", 0}};
  const passes::AnyIr before = session.lowered(residual, passes::Level::topology, "check-skips");
  session.context.weights = &weights;
  const passes::AnyIr after = session.lowered(residual, passes::Level::topology);
  const passes::Lineage to = passes::lineage(before, after);
  CHECK(to.at("layer1.0.conv2").empty());
  CHECK(to.at("layer1.1.conv1") == "layer1.1.conv1");
}

TEST_CASE("drawing: blocks are frames, bare edges and projections are told apart") {
  Session session;
  const inspect::Drawing drawing = inspect::draw(session.lowered(residual, passes::Level::topology));
  REQUIRE(drawing.frames.size() == 3);
  CHECK(drawing.frames[0].kind == inspect::FrameKind::stage);
  CHECK(drawing.frames[1].kind == inspect::FrameKind::identity_block);
  CHECK(drawing.frames[2].kind == inspect::FrameKind::conv_block);
  const auto kinds = [&](inspect::EdgeKind kind) {
    return std::count_if(drawing.edges.begin(), drawing.edges.end(), [&](const auto& edge) { return edge.kind == kind; });
  };
  CHECK(kinds(inspect::EdgeKind::skip) == 1);
  CHECK(kinds(inspect::EdgeKind::side) == 1);
  CHECK(drawing.boxes[1].what == "conv 3x3");

  const std::string dot = inspect::to_dot(drawing);
  CHECK(count(dot, "subgraph cluster") == 3);
  CHECK(count(dot, "style=dashed") == 2);
  const std::string svg = inspect::to_svg(drawing);
  CHECK(count(svg, "<g class=\"box ") == drawing.boxes.size());
  CHECK(count(svg, "class=\"edge skip\"") == 1);
  CHECK(count(svg, "class=\"frame identity\"") == 1);
  CHECK(svg.find("f32[N, 32, 8, 8]") != std::string::npos);
}

TEST_CASE("drawing: concat edges are joins, and what follows a 'from' comes from the value that it goes back to") {
  Session session;
  const inspect::Drawing drawing =
      inspect::draw(session.lowered("network net { input x: f32[N, 8, 9, 7] a: relu code: global_avg_pool from a concat from in concat "
                                    "spread from code via c { linear(4) } "
                                    "stage empty { from a } tanh output code from code output y }",
                                    passes::Level::topology));
  std::string shown;
  for (const inspect::Edge& edge : drawing.edges) {
    shown += drawing.boxes[edge.from].name + " " + drawing.boxes[edge.to].what + (edge.kind == inspect::EdgeKind::next ? "\n" : " *\n");
  }
  CHECK(shown ==
        "x relu\na global_avg_pool\na concat from in\nx concat from in *\ncode linear\nconcat concat spread from code\n"
        "c.0 concat spread from code *\na tanh\ncode output\ntanh output\n");
  CHECK(drawing.frames.empty());
  CHECK(drawing.boxes[3].role == inspect::Role::join);
}

TEST_CASE("drawing: kernels show what is fused and what is in place") {
  Session session;
  const inspect::Drawing drawing = inspect::draw(session.lowered(residual, passes::Level::program));
  const auto box = std::find_if(drawing.boxes.begin(), drawing.boxes.end(), [](const auto& one) { return one.name == "layer1.0.relu2"; });
  REQUIRE(box != drawing.boxes.end());
  CHECK(box->what.find("bias, add, relu") != std::string::npos);
  CHECK(inspect::to_dot(drawing).find("label=\"in place\"") != std::string::npos);
}

TEST_CASE("drawing: a part has the edges inside it, and frames that still hold something") {
  Session session;
  const passes::AnyIr network = session.lowered(residual, passes::Level::topology);
  const ValueNames names{"layer1.1.conv1", "layer1.1.bn1", "layer1.1.relu"};
  const inspect::Drawing part = inspect::only(inspect::draw(network), names);
  CHECK(part.boxes.size() == 3);
  CHECK(part.edges.size() == 2);
  CHECK(part.frames.size() == 2);
  CHECK(passes::excerpt(network, names, session.sources).starts_with("  %layer1.1.conv1 = conv2d("));
  CHECK(inspect::only(part, {}).boxes.empty());
  CHECK(inspect::to_svg(inspect::only(part, {})).ends_with("</svg>\n"));
}

TEST_CASE("drawing: names of any kind stay inside their quotes and elements") {
  Session session;
  const auto network = topology::parse(session.sources.add("t.ir", std::string(ir_test::topology_text)), session.diagnostics);
  REQUIRE(network);
  const inspect::Drawing drawing = inspect::draw(*network);
  CHECK(inspect::to_dot(drawing).find(R"(odd \"value\")") != std::string::npos);
  const std::string svg = inspect::to_svg(drawing);
  CHECK(svg.find("odd &quot;value&quot;") != std::string::npos);
  CHECK(svg.find("odd \"value\"") == std::string::npos);
}

TEST_CASE("drawing: random networks at every level; each box has a place of its own") {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Session session;
    for (passes::Level level : {passes::Level::topology, passes::Level::graph, passes::Level::program}) {
      const inspect::Drawing drawing = inspect::draw(session.lowered(random_network(seed), level));
      const std::string svg = inspect::to_svg(drawing);
      std::vector<std::string> places;
      for (size_t at = svg.find("</title><rect x="); at != std::string::npos; at = svg.find("</title><rect x=", at + 1)) {
        const size_t start = at + 15;
        places.push_back(svg.substr(start, svg.find(" width", start) - start));
      }
      CHECK(places.size() == drawing.boxes.size());
      std::sort(places.begin(), places.end());
      CHECK(std::unique(places.begin(), places.end()) == places.end());
      for (const inspect::Edge& edge : drawing.edges) CHECK(edge.from < edge.to);
    }
  }
}

TEST_CASE("report: long rows of layers take time in proportion to their length") {
  Session session;
  inspect::Compilation compilation;
  compilation.title = "net";
  const std::string text = "network net {\n input x: f32[N, 8]\n repeat 20000 relu\n output y\n}\n";
  session.context.after_pass = [&](const passes::PassRun& run) {
    const std::string_view pass = run.pass.name;
    if (pass == "infer-shapes" || pass == "lower-to-graph" || pass == "plan-memory") compilation.phases.push_back(inspect::phase_of(run));
  };
  session.lowered(text, passes::Level::program);
  compilation.code_of.assign(std::get<program::Program>(compilation.phases.back().ir).kernels.size(), 0);
  const std::string data = inspect::report_data(compilation, session.sources);
  CHECK(count(data, "\"kind\":\"layer\"") == 20000);
  CHECK(inspect::report(compilation, session.sources).ends_with("</html>\n"));
}
