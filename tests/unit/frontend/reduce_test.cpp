/// \file Reductions, with predicates in the place of commands.
#include "frontend/reduce.h"

#include <set>

#include "frontend/format.h"
#include "frontend/source_tree.h"
#include "passes/pipeline.h"
#include "tests/unit/frontend/cases.h"
#include "tests/unit/random_network.h"

using namespace resnetc;
namespace fs = std::filesystem;

namespace {

/// The network of a text that the checks of topologies take.
std::optional<topology::Network> checked(const std::string& text) {
  Sources sources;
  Diagnostics diagnostics(sources);
  auto network = parse_network("candidate.rn", text, {}, diagnostics);
  if (!network) return std::nullopt;
  passes::PipelineContext context;
  context.diagnostics = &diagnostics;
  passes::AnyIr ir = *network;
  if (!passes::run_pipeline(ir, passes::Level::topology, context) || diagnostics.has_errors()) return std::nullopt;
  return std::get<topology::Network>(ir);
}

bool any_of(const std::vector<topology::Node>& nodes, const std::function<bool(const topology::Node&)>& is) {
  return std::any_of(nodes.begin(), nodes.end(), [&](const topology::Node& node) { return is(node) || any_of(node.children, is); });
}

std::string one_file(const fs::path& path, const std::vector<std::pair<std::string, int64_t>>& settings = {}) {
  Sources sources;
  Diagnostics diagnostics(sources);
  std::vector<std::string> files;
  load_network(path.string(), {}, diagnostics, &files);
  std::vector<FileId> ids;
  for (size_t i = 0; i < files.size(); ++i) ids.push_back(static_cast<FileId>(i));
  const auto result = self_contained(ids, settings, sources);
  REQUIRE(result.has_value());
  return *result;
}

std::string reduced(const std::string& text, const std::function<bool(const topology::Network&)>& interesting) {
  const auto whole = checked(text);
  REQUIRE(whole.has_value());
  REQUIRE(interesting(*whole));
  return reduce(text, [&](const std::string& candidate) {
    const auto network = checked(candidate);
    return network && interesting(*network) ? Verdict::interesting : Verdict::dull;
  });
}

bool has_skip_over_stride(const topology::Network& network) {
  return any_of(network.body, [](const topology::Node& block) {
    const auto strided = [](const topology::Node& n) { return n.op == OpKind::conv2d && n.attributes.stride.h == 2; };
    const auto skip = [](const topology::Node& n) { return n.kind == topology::NodeKind::skip; };
    return block.kind == topology::NodeKind::block && std::any_of(block.children.begin(), block.children.end(), strided) &&
           std::any_of(block.children.begin(), block.children.end(), skip);
  });
}

}  // namespace

TEST_CASE("reduce: a skip edge over a strided convolution, out of a ResNet-18") {
  CHECK(reduced(one_file(source_dir / "networks" / "resnet18.rn"), has_skip_over_stride) == R"(network resnet18 {
  input image: f32[N, 1, 1, 1]
  conv_block1: conv_block
  output logits
}
block conv_block {
  conv1: conv(1x1, 1, stride = 2)
  skip from in
}
)");
}

TEST_CASE("reduce: a gate, out of an SE-ResNet-50") {
  const auto has_gate = [](const topology::Network& network) {
    return any_of(network.body, [](const topology::Node& n) { return n.kind == topology::NodeKind::gate; });
  };
  CHECK(reduced(one_file(source_dir / "networks" / "se_resnet50.rn"), has_gate) == R"(network se_resnet50 {
  input image: f32[N, 1, 1, 1]
  gate via {}
  output logits
}
)");
}

TEST_CASE("reduce: a concat edge, and going back") {
  const std::string text = R"(
    block part(spread) {
      a: conv(3x3, spread) relu
      concat spread from in via code { global_avg_pool linear(2 * spread) }
    }
    network n {
      input x: f32[N, 3, 8, 8]
      stem: conv(3x3, 16) relu
      p: part(4)
      from stem
      tanh
      output y
    })";
  const auto has = [](topology::NodeKind kind) {
    return [kind](const topology::Network& network) {
      return any_of(network.body, [kind](const topology::Node& n) { return n.kind == kind; });
    };
  };
  CHECK(reduced(text, has(topology::NodeKind::concat)) == R"(network n {
  input x: f32[N, 1, 1, 1]
  concat from in
  output y
}
)");
  CHECK(reduced(text, has(topology::NodeKind::from)) == R"(network n {
  input x: f32[N, 1, 1, 1]
  stem: conv(1x1, 1)
  from stem
  output y
}
)");
}

TEST_CASE("reduce: numbers go down to what still counts, names to what they stand for") {
  const std::string text = R"(
    block unit(width, inner = 2 * width) {
      let wide = inner + 1
      c: conv([3, 3], wide, groups = 1) if true { relu } else { sigmoid }
    }
    network n(size = 64, unused = 1) {
      input x: u8[N, size, size, 4] mean = (0.5, 0.5, 0.5, 0.5)
      stage s { repeat 2 unit(30) unit(inner = 10, width = 3) }
      output y
    })";
  const auto wide_enough = [](const topology::Network& network) {
    return any_of(network.body, [&](const topology::Node& n) { return n.op == OpKind::conv2d && n.attributes.channels > 36; });
  };
  CHECK(reduced(text, wide_enough) == R"(network n {
  input x: u8[N, 1, 1, 1]
  c: conv(1x1, 37)
  output y
}
)");
}

TEST_CASE("reduce: every candidate is smaller, formatted and new, and the same verdicts give the same result") {
  const std::string text = one_file(source_dir / "networks" / "preact_resnet18.rn");
  const auto run = [&](size_t most, std::vector<std::string>& candidates) {
    SourceSize best = SourceTree::parse(text)->size();
    std::set<std::string> seen;
    return reduce(text, [&](const std::string& candidate) {
      if (candidates.size() == most) return Verdict::stop;
      candidates.push_back(candidate);
      Sources sources;
      Diagnostics diagnostics(sources);
      CHECK(format_source(sources.add("candidate.rn", candidate), diagnostics) == candidate);
      CHECK(seen.insert(candidate).second);
      const SourceSize size = SourceTree::parse(candidate)->size();
      CHECK(size < best);
      if (candidate.find("bn2") == std::string::npos || candidate.size() % 3 == 0) return Verdict::dull;
      best = size;
      return Verdict::interesting;
    });
  };
  std::vector<std::string> first, second, third;
  const std::string result = run(10'000, first);
  CHECK(result.find("bn2") != std::string::npos);
  CHECK(run(10'000, second) == result);
  CHECK(first == second);
  CHECK(first.size() > 30);
  CHECK(first.size() < 1000);
  // A search that is stopped keeps the best text so far.
  const std::string stopped = run(20, third);
  CHECK(third.size() == 20);
  CHECK(stopped.size() > result.size());
  CHECK(std::find(first.begin(), first.begin() + 20, stopped) != first.begin() + 20);
}

TEST_CASE("reduce: a text without a network, and one that does not parse") {
  const auto has_sigmoid = [](const std::string& candidate) {
    return candidate.find("sigmoid") != std::string::npos ? Verdict::interesting : Verdict::dull;
  };
  CHECK(reduce("block a(w) { relu } block b { stage s { if 1 { relu sigmoid(2) } } a(1) }", has_sigmoid) == "block b { sigmoid }\n");
  CHECK(reduce("block { sigmoid", has_sigmoid) == "block { sigmoid");
}

TEST_CASE("reduce: any verdicts, on any text, come to an end") {
  size_t candidates = 0;
  const auto at_random = [&](const std::string& text) {
    size_t here = 0;
    reduce(text, [&](const std::string& candidate) {
      ++candidates;
      if (++here > 300) return Verdict::stop;
      return std::hash<std::string>{}(candidate) % 4 == 0 ? Verdict::interesting : Verdict::dull;
    });
  };
  for (const char* folder : {"tests/language", "tests/format"}) {
    for (const auto& entry : fs::directory_iterator(source_dir / folder)) {
      if (entry.path().extension() == ".rn") at_random(read_text(entry.path()));
    }
  }
  for (uint64_t seed = 0; seed < 20; ++seed) at_random(random_network(seed));
  CHECK(candidates > 1000);
}

TEST_CASE("reduce: several files in one, with values for parameters") {
  const std::string text = one_file(source_dir / "networks" / "resnet18.rn", {{"classes", 7}, {"width", -3}});
  CHECK(text.find("use ") == std::string::npos);
  CHECK(text.find('#') == std::string::npos);
  CHECK(text.find("network resnet18(classes = 7, height = 224, width = -3) {\n") != std::string::npos);
  CHECK(text.find("block conv_block(width, stride = 1) {\n") != std::string::npos);
  Sources sources;
  const FileId wrong = sources.add("wrong.rn", "block b {");
  CHECK_FALSE(self_contained({&wrong, 1}, {}, sources).has_value());
}
