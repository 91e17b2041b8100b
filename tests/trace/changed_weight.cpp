/// \file Finds a changed weight by its trace, from outside: for each random network, one element of one tensor of the checkpoint is
/// changed, the library runs with both, and `resnetc compare` must name the first kernel that reads the tensor. Beside it, tracing must
/// change no bit of any output.

#include <fmt/format.h>
#include <llvm/Support/JSON.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "codegen/interface.h"
#include "driver/npy.h"
#include "frontend/frontend.h"
#include "tests/exactness/compiled.h"
#include "tests/unit/random_network.h"

namespace resnetc::exactness {
namespace {

void write(const std::string& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The generated weights as safetensors; `one` is added to element `element` of the tensor `changed`.
std::string checkpoint(const std::vector<TensorRef>& tensors, size_t changed, int64_t element, float one) {
  llvm::json::Object header;
  std::string data;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const std::vector<double> values = GeneratedWeights().read(tensors[i].name, tensors[i].shape);
    const size_t begin = data.size();
    for (size_t k = 0; k < values.size(); ++k) {
      auto value = static_cast<float>(values[k]);
      if (i == changed && k == static_cast<size_t>(element)) value += one;
      data.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    header[tensors[i].name] =
        llvm::json::Object{{"dtype", "F32"},
                           {"shape", llvm::json::Array(tensors[i].shape)},
                           {"data_offsets", llvm::json::Array{static_cast<int64_t>(begin), static_cast<int64_t>(data.size())}}};
  }
  const std::string text = fmt::format("{}", llvm::formatv("{0}", llvm::json::Value(std::move(header))).str());
  const uint64_t size = text.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof size) + text + data;
}

/// One picture for the network, as `resnetc run` reads it.
std::string input_array(const program::Program& program) {
  const Values planar = generated_input(program.input_name, 0, program.input.type.elements(), program.input.type.element);
  const std::vector<std::byte> bytes = to_bytes(planar, program.input);
  const auto* data = reinterpret_cast<const char*>(bytes.data());
  const codegen::Port port = codegen::interface_of(program, program.name).input;
  return driver::npy_header(port.dims, port.element) + std::string(data, bytes.size());
}

/// The first kernel whose constants are made from the tensor.
std::string reader_of(const program::Program& program, const TensorRef& tensor) {
  const auto reads = [&](program::ConstantId id) {
    if (id == program::none) return false;
    std::vector<TensorRef> tensors;
    collect_tensors(*program.constants[static_cast<size_t>(id)].recipe, tensors);
    return std::find(tensors.begin(), tensors.end(), tensor) != tensors.end();
  };
  for (const program::Kernel& kernel : program.kernels) {
    bool found = reads(kernel.weight);
    for (const auto& step : kernel.epilogue) found = found || std::any_of(step.constants.begin(), step.constants.end(), reads);
    if (found) return kernel.name;
  }
  return "";
}

/// The generated weights, with 1 added to an element of one tensor.
class ChangedWeights final : public WeightSource {
 public:
  ChangedWeights(const TensorRef& changed, int64_t element) : changed_(changed), element_(element) {}
  std::vector<double> read(const std::string& name, const std::vector<int64_t>& shape) const override {
    std::vector<double> values = GeneratedWeights().read(name, shape);
    if (name == changed_.name) values[static_cast<size_t>(element_)] += 1;
    return values;
  }

 private:
  const TensorRef& changed_;
  int64_t element_;
};

/// The interpreter's result for the value `name`.
Values value_of(const graph::Graph& graph, const WeightSource& weights, const Values& input, const std::string& name) {
  Values found;
  interpret(graph, weights, input, [&](const graph::Op& op, const Values& values) {
    if (op.name == name) found = values;
  });
  return found;
}

/// An element of the tensor whose change alters the output of the kernel that reads it. An element of a row that a ReLU makes zero in both
/// runs alters nothing, and neither does one whose factor is always zero. Elements all over the tensor are tried, `first` at first; -1 if
/// none of them alters the output.
int64_t element_that_shows(const graph::Graph& graph, const Values& input, const TensorRef& tensor, int64_t first,
                           const std::string& reader) {
  const int64_t count = element_count(tensor.shape), step = 7919;  // a prime, so that rows and columns both change
  const Values before = value_of(graph, GeneratedWeights(), input, reader);
  for (int64_t tries = 0; tries < std::min<int64_t>(count, 32); ++tries) {
    const int64_t element = (first + tries * step) % count;
    const Values after = value_of(graph, ChangedWeights(tensor, element), input, reader);
    for (size_t i = 0; i < before.size(); ++i) {
      if (static_cast<float>(before[i]) != static_cast<float>(after[i])) return element;
    }
  }
  return -1;
}

/// The fault that was found; empty if there is none.
std::string check(uint64_t seed, const std::string& resnetc) {
  const TempDir dir;
  const std::string text = random_network(seed);
  Sources sources;
  Diagnostics diagnostics(sources);
  const auto network = parse_network("random.rn", text, {}, diagnostics);
  const Target* target = runnable_targets().front();
  graph::Graph graph;
  const auto programs = network ? lower(*network, {&target, 1}, diagnostics, &graph) : std::vector<program::Program>();
  if (programs.empty()) return diagnostics.render();
  const std::vector<TensorRef> tensors = graph::checkpoint_tensors(graph);
  if (tensors.empty()) return "";
  const Values picture =
      generated_input(programs.front().input_name, 0, programs.front().input.type.elements(), programs.front().input.type.element);
  // The next tensor if this one shows nothing, such as the statistics of a value that is the same everywhere.
  size_t changed = 0;
  std::string reader;
  int64_t element = -1;
  for (size_t tries = 0; tries < tensors.size() && element < 0; ++tries) {
    changed = (seed * 7 + tries) % tensors.size();
    reader = reader_of(programs.front(), tensors[changed]);
    element =
        element_that_shows(graph, picture, tensors[changed], static_cast<int64_t>(seed) % element_count(tensors[changed].shape), reader);
  }
  if (element < 0) return "no weight changes anything: this seed tests nothing";
  write(dir.file("net.rn"), text);
  write(dir.file("a.safetensors"), checkpoint(tensors, changed, element, 0));
  write(dir.file("b.safetensors"), checkpoint(tensors, changed, element, 1));
  write(dir.file("x.npy"), input_array(programs.front()));

  const auto command = [&](const std::string& arguments) {
    return std::system(fmt::format("cd '{}' && '{}' {} >>out 2>&1", dir.path(), resnetc, arguments).c_str());
  };
  const bool ran = command(fmt::format("compile net.rn --weights a.safetensors --target {}", target->name)) == 0 &&
                   command("pack librandom_network.so --weights b.safetensors -o b.weights") == 0 &&
                   command("run librandom_network.so --input x.npy --output plain.npy") == 0 &&
                   command("run librandom_network.so --input x.npy --output traced.npy --trace A") == 0 &&
                   command("run librandom_network.so --input x.npy --weights b.weights --trace B") == 0;
  if (!ran) return contents(dir.file("out"));
  for (const auto& output : programs.front().outputs) {
    const std::string suffix = programs.front().outputs.size() > 1 ? "." + output.name : "";
    const std::string plain = contents(dir.file("plain" + suffix + ".npy"));
    if (plain.empty() || plain != contents(dir.file("traced" + suffix + ".npy"))) return "tracing changed the output " + output.name;
  }
  command("compare A B --tolerance 0");
  const std::string out = contents(dir.file("out"));
  const std::string wanted = fmt::format("they part at '{}'", reader);
  if (out.find(wanted) == std::string::npos) return fmt::format("'{}' was changed; wanted: {}\n{}", tensors[changed].name, wanted, out);
  return "";
}

int run(int argc, char** argv) {
  remove_temp_dirs_on_signals();
  CLI::App app{"Finds changed weights of random networks with 'resnetc compare'."};
  std::string resnetc;
  uint64_t seed = 1, count = 20;
  app.add_option("RESNETC", resnetc, "the command, by its full path")->required();
  app.add_option("--seed", seed, "of the first network (1)")->type_name("S");
  app.add_option("--count", count, "how many networks (20)")->type_name("N");
  CLI11_PARSE(app, argc, argv);
  uint64_t failed = 0;
  for (uint64_t own = seed; own < seed + count; ++own) {
    const std::string why = check(own, resnetc);
    if (why.empty()) continue;
    ++failed;
    fmt::print("FAILED: seed {}: {}\n", own, why);
  }
  fmt::print("the changed weight was found in {} of {} networks\n", count - failed, count);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace resnetc::exactness

int main(int argc, char** argv) { return resnetc::exactness::run(argc, argv); }
