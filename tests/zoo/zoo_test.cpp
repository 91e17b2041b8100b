/// \file Networks of timm and torchvision from their ONNX graphs: imported, compiled for this machine, and compared with outputs that
/// make_models.py computed in float64. Some texts are goldens in texts/, whose length is limited; UPDATE_GOLDENS=1 writes them.
#include <fmt/format.h>
#include <onnx.pb.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codegen/weights/safetensors.h"
#include "driver/npy.h"
#include "frontend/frontend.h"
#include "import/import.h"
#include "import/onnx_reader.h"
#include "support/files.h"
#include "support/mapped_file.h"
#include "tests/exactness/compiled.h"
#include "tests/zoo/generated_weights.h"

namespace resnetc::zoo {
namespace {

constexpr double limit = 3e-5;         // of the largest output; make_models.py checks that each branch changes ten times as much
constexpr size_t most_outputs = 4096;  // make_models.py leaves out some of more
constexpr size_t widest_line = 120;

/// A network whose text is meant to be read, and the most lines that it may have. A limit above 80 is only for a text that is longer today,
/// so that it gets no longer.
struct Readable {
  std::string_view name;
  size_t lines = 80;
};
constexpr Readable readable[] = {
    {"resnet18"},        {"resnet50"},      {"resnet152"},   {"resnet50d"},   {"mobilenetv2_100"},
    {"efficientnet_b0"}, {"convnext_tiny"}, {"densenet121"}, {"regnety_032"},
};

std::string path_of(std::string_view folder, std::string_view name, std::string_view extension) {
  return fmt::format(RESNETC_SOURCE_DIR "/tests/zoo/{}/{}.{}", folder, name, extension);
}

Result<importer::Imported> imported(const std::string& name) {
  const auto file = MappedFile::open(path_of("graphs", name, "onnx"));
  if (!file) return file.failure();
  onnx::ModelProto proto;
  if (!proto.ParseFromArray((*file)->bytes().data(), static_cast<int>((*file)->bytes().size()))) return Failure{"it is no ONNX model"};
  if (const Result<> filled = fill_generated(*proto.mutable_graph()); !filled) return filled.failure();
  const Result<importer::Model> model = importer::read_onnx_bytes(proto.SerializeAsString(), {});
  if (!model) return model.failure();
  importer::ImportOptions options;
  options.installed_dirs = {RESNETC_SOURCE_DIR "/networks"};
  return importer::import_model(*model, name + ".onnx", options);
}

/// Compares a text with its golden and its limits.
Result<> check_text(const Readable& what, const std::string& text) {
  size_t lines = 0, widest = 0;
  for (size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    ++lines;
    widest = std::max(widest, end - at);
  }
  if (lines > what.lines) return Failure{fmt::format("the text has {} lines, more than {}", lines, what.lines)};
  if (what.lines > Readable{}.lines && lines < what.lines) {
    return Failure{fmt::format("the text has {} lines only: make its limit in zoo_test.cpp smaller", lines)};
  }
  if (widest > widest_line) return Failure{fmt::format("the text has a line of {} characters, more than {}", widest, widest_line)};
  const std::string path = path_of("texts", what.name, "rn");
  if (std::getenv("UPDATE_GOLDENS") != nullptr) return replace_files(std::array{NewFile{path, text}});
  const auto golden = MappedFile::open(path);
  if (!golden) return golden.failure();
  if ((*golden)->bytes() != text) return Failure{fmt::format("the text differs from '{}'; it is now:\n{}", path, text)};
  return {};
}

/// The largest difference of this machine's best target from the reference, relative to its largest element.
Result<double> difference(const std::string& name, const importer::Imported& network, const codegen::KernelOptions& kernels) {
  Sources sources;
  Diagnostics diagnostics(sources);
  FrontendOptions frontend;
  frontend.installed_dirs = {RESNETC_SOURCE_DIR "/networks"};
  const auto topology = parse_network(name + ".rn", network.text, frontend, diagnostics);
  const auto weights = codegen::Safetensors::from_bytes(name + ".safetensors", network.weights, diagnostics);
  if (!topology || !weights) return Failure{diagnostics.render()};
  const auto targets = exactness::runnable_targets();
  if (targets.empty()) return Failure{"there is no target for this machine"};
  const auto programs = exactness::lower(*topology, std::span(targets).first(1), diagnostics);
  if (programs.empty()) return Failure{diagnostics.render()};
  const TempDir dir;
  const auto library = exactness::Library::make(programs, topology->name, dir.path(), kernels, *weights);
  if (!library) return library.failure();
  const auto context = exactness::Context::make(**library, targets.front()->name, 1, 1);
  if (!context) return context.failure();
  const InputBuffer& input = programs.front().input;
  const std::vector<std::byte> picture =
      exactness::to_bytes(generated_input(programs.front().input_name, 0, input.type.elements(), input.type.element), input);
  const auto results = (*context)->run({&picture, 1});
  if (!results) return results.failure();

  const auto file = MappedFile::open(path_of("outputs", name, "npy"));
  if (!file) return file.failure();
  const Result<driver::Array> reference = driver::parse_npy((*file)->bytes());
  if (!reference) return reference.failure();
  // Every k-th element, as make_models.py takes them: k has no common factor with their number.
  const std::vector<float>& all = results->front();
  size_t step = std::max<size_t>(1, (all.size() + most_outputs - 1) / most_outputs);
  while (std::gcd(step, all.size()) != 1) ++step;
  std::vector<float> sample;
  for (size_t i = 0; i < all.size(); i += step) sample.push_back(all[i]);
  std::vector<double> wanted;
  for (int64_t i = 0; i < reference->elements(); ++i) wanted.push_back(reference->at(i));
  return exactness::relative_difference(sample, wanted);
}

/// What is wrong with a network; empty if nothing is. `facts` receives what to print.
std::string fault(const std::string& name, const codegen::KernelOptions& kernels, std::string& facts) {
  const Result<importer::Imported> network = imported(name);
  if (!network) return network.failure().text;
  facts = fmt::format("{} layers, {} lines", network->layers, std::count(network->text.begin(), network->text.end(), '\n'));
  const auto* as_text = std::find_if(std::begin(readable), std::end(readable), [&](const Readable& r) { return r.name == name; });
  if (as_text != std::end(readable)) {
    if (const Result<> good = check_text(*as_text, network->text); !good) return good.failure().text;
  }
  const Result<double> apart = difference(name, *network, kernels);
  if (!apart) return apart.failure().text;
  facts += fmt::format(", difference {:.1e}", *apart);
  return *apart <= limit ? "" : fmt::format("differs by {:.3g} of the largest output", *apart);
}

int run(int argc, char** argv) {
  remove_temp_dirs_on_signals();
  CLI::App app{"Imports and compiles networks of tests/zoo/graphs, and compares them with their outputs in float64."};
  std::vector<std::string> names;
  codegen::KernelOptions kernels;
  kernels.cache_dir = codegen::default_cache_dir();
  app.add_option("NAME", names, "of graphs/NAME.onnx")->required();
  app.add_option("--cache-dir", kernels.cache_dir, "where compiled kernels are kept; '' for none")->type_name("DIR");
  CLI11_PARSE(app, argc, argv);
  size_t failed = 0;
  for (const std::string& name : names) {
    const auto start = std::chrono::steady_clock::now();
    std::string facts;
    const std::string why = fault(name, kernels, facts);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    fmt::print("{}: {}, {:.1f} s{}{}\n", name, facts, seconds, why.empty() ? "" : ": FAILED: ", why);
    std::fflush(stdout);
    if (!why.empty()) ++failed;
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace resnetc::zoo

int main(int argc, char** argv) { return resnetc::zoo::run(argc, argv); }
