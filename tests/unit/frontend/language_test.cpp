/// \file The language: the grammar's examples, the documentation's listings and the library of networks.
#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "passes/pipeline.h"
#include "tests/unit/frontend/cases.h"

using namespace resnetc;
using namespace resnetc::topology;
namespace fs = std::filesystem;

namespace {

std::set<fs::path> files_in(const fs::path& folder) {
  std::set<fs::path> result;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".rn") result.insert(entry.path());
  }
  return result;
}

Network loaded(const fs::path& path, const FrontendOptions& options = {}) {
  Sources sources;
  Diagnostics diagnostics(sources);
  auto network = load_network(path.string(), options, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(network.has_value());
  const auto fault = verify(*network);
  INFO((fault ? fault->what : ""));
  CHECK_FALSE(fault.has_value());
  // The text form reads back as the same network.
  const std::string printed = print(*network, sources);
  const auto read = parse(sources.add("printed", printed), diagnostics);
  CHECK(diagnostics.render() == "");
  if (read) CHECK(print(*read, sources) == printed);
  return *network;
}

/// Compiles a network as far as the kernels and their memory.
void compile(const Network& network) {
  Sources sources;
  Diagnostics diagnostics(sources);
  for (int i = 0; i < 100; ++i) sources.add("source", "");  // the network's places are of other sources
  passes::PipelineContext context;
  context.diagnostics = &diagnostics;
  context.target = find_target("sse41");
  passes::AnyIr ir = network;
  CHECK(passes::run_pipeline(ir, passes::Level::program, context));
  CHECK(diagnostics.render() == "");
}

/// The fenced blocks of docs/language.md in the given language.
std::vector<std::string> listings(const std::string& language) {
  std::vector<std::string> result;
  std::istringstream lines(read_text(source_dir / "docs" / "language.md"));
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "```" + language) {
      inside = true;
      result.emplace_back();
    } else if (line.starts_with("```")) {
      inside = false;
    } else if (inside) {
      result.back() += line + "\n";
    }
  }
  return result;
}

void collect_weights(const std::vector<Node>& nodes, std::vector<std::string>& out) {
  for (const Node& node : nodes) {
    if (!node.weights.empty()) out.push_back(node.weights);
    collect_weights(node.children, out);
  }
}

std::vector<std::string> weights_of(const Network& network) {
  std::vector<std::string> result;
  collect_weights(network.body, result);
  return result;
}

}  // namespace

TEST_CASE("language: every production has an example that compiles") {
  const std::vector<std::string> grammar = listings("ebnf");
  REQUIRE(grammar.size() == 1);
  std::string examples;
  for (const fs::path& path : files_in(source_dir / "tests" / "language")) {
    INFO(path.string());
    compile(loaded(path));
    const std::string text = read_text(path);
    examples += text.substr(0, text.find('\n') + 1);
  }
  std::istringstream lines(grammar[0]);
  for (std::string line; std::getline(lines, line);) {
    const std::string production = line.substr(0, line.find_first_of(" ="));
    CHECK_MESSAGE(examples.find("# " + production + " = ") != std::string::npos, "no example under tests/language for " << production);
  }
}

TEST_CASE("language: the documentation's listings compile") {
  FrontendOptions options;
  options.installed_dirs = {(source_dir / "networks").string()};
  const std::vector<std::string> found = listings("rn");
  REQUIRE(found.size() == 5);
  for (const std::string& text : found) compile(resolved(text, options, "listing.rn"));
}

TEST_CASE("language: every network of the library compiles as it is, and resolves at other sizes") {
  const std::set<fs::path> networks = files_in(source_dir / "networks");
  CHECK(networks.size() >= 49);
  for (const fs::path& path : networks) {
    INFO(path.string());
    const Network network = loaded(path);
    compile(network);
    CHECK(network.name == path.stem().string());
    const auto has = [&](std::string_view name) {
      return std::any_of(network.parameters.begin(), network.parameters.end(), [&](const auto& p) { return p.name == name; });
    };
    if (!has("height")) continue;  // not for pictures
    FrontendOptions options;
    options.parameters = {{"height", 96}, {"width", 64}};
    if (has("classes")) options.parameters.emplace_back("classes", 7);
    CHECK(loaded(path, options).value(0).type == TensorType::picture(3, 96, 64));
  }
}

TEST_CASE("language: weights have torchvision's names") {
  const std::vector<std::string> resnet18 = weights_of(loaded(source_dir / "networks" / "resnet18.rn"));
  CHECK(resnet18.size() == 41);
  CHECK(std::vector<std::string>(resnet18.begin(), resnet18.begin() + 6) ==
        std::vector<std::string>{"conv1", "bn1", "layer1.0.conv1", "layer1.0.bn1", "layer1.0.conv2", "layer1.0.bn2"});
  const std::set<std::string> resnet50 = [] {
    const auto all = weights_of(loaded(source_dir / "networks" / "resnet50.rn"));
    return std::set<std::string>(all.begin(), all.end());
  }();
  CHECK(resnet50.size() == 107);
  for (const char* name : {"layer1.0.downsample.0", "layer1.0.downsample.1", "layer3.5.conv3", "layer4.2.bn3", "fc"}) {
    CHECK(resnet50.contains(name));
  }
  for (const auto& [network, layer] :
       {std::pair("resnet20_fashion.rn", "layer2.0.downsample.0"), std::pair("mobilenet_v2_fashion.rn", "features.17.conv.3")}) {
    const auto fashion = weights_of(loaded(source_dir / "networks" / "fashion_mnist" / network));
    CHECK(std::set<std::string>(fashion.begin(), fashion.end()).contains(layer));
  }
}
