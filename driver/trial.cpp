/// \file Makes the library for a trial, and its pictures.
#include "driver/trial.h"

#include <fmt/format.h>

#include "codegen/library.h"
#include "driver/common.h"

namespace resnetc::driver {

std::vector<Values> interpret_picture(const graph::Graph& graph, const WeightSource& weights, const Pictures& pictures, size_t index,
                                      const std::function<void(const graph::Op&, Values&)>& observe) {
  Progress progress(fmt::format("interpreting picture {}", index));
  size_t count = 0;
  return interpret(graph, weights, pictures.planar[index], [&](const graph::Op& op, Values& values) {
    progress.update(++count, graph.ops.size());
    if (observe) observe(op, values);
  });
}

Result<std::unique_ptr<Trial>> Trial::make(const Lowered& lowered, const std::string& name, const WeightSource& weights,
                                           codegen::KernelOptions kernels) {
  std::unique_ptr<Trial> trial(new Trial);
  if (trial->folder_.path().empty()) return Failure{"cannot make a temporary folder", Blame::limit};
  codegen::LibraryOptions options;
  options.output_dir = trial->folder_.path();
  options.name = name;
  options.weights = &weights;
  options.depends_on_values = lowered.depends_on_values;
  options.archive = false;
  options.kernels = std::move(kernels);
  Progress progress("compiling kernels");
  if (!options.kernels.progress) options.kernels.progress = [&](size_t count, size_t all) { progress.update(count, all); };
  if (const auto written = codegen::write_library(lowered.programs, options); !written) return written.failure();
  progress.finish();

  Sources sources;
  Diagnostics diagnostics(sources);
  const std::string path = trial->folder_.file(fmt::format("lib{}.so", name));
  trial->library_ = LoadedLibrary::open(path, diagnostics);
  if (!trial->library_) return first_failure(diagnostics);
  Result<Weights> found = find_weights(*trial->library_, path, "");
  if (!found) return found.failure();
  trial->weights_ = std::move(*found);
  return trial;
}

Result<std::unique_ptr<Session>> Trial::session(const std::string& target, int batch, int threads, bool copy_weights) const {
  return Session::create(*library_, weights_.bytes, {batch, threads, target, true, weights_.path, 0, false, copy_weights});
}

Pictures pictures_of(const InputBuffer& input, std::string bytes) {
  const auto elements = static_cast<size_t>(input.type.elements());
  const size_t channels = input.has_planes() ? 1 : static_cast<size_t>(input.type.channels), pixels = elements / channels;
  const auto width = static_cast<size_t>(bytes_of(input.type.element, 1));
  Pictures pictures;
  for (size_t at = 0; at + elements * width <= bytes.size(); at += elements * width) {
    Values& planar = pictures.planar.emplace_back(elements);
    for (size_t i = 0; i < elements; ++i) {
      planar[i % channels * pixels + i / channels] = read_element(input.type.element, bytes.data() + at + i * width);
    }
  }
  pictures.bytes = std::move(bytes);
  return pictures;
}

Pictures Trial::pictures(int count) const {
  const auto& port = library_->facts().input;
  Pictures made;
  for (int k = 0; k < count; ++k) {
    made.planar.push_back(generated_input(port.name, k, picture_elements(port), port.element));
    append_input(port, made.planar.back(), made.bytes);
  }
  return made;
}

}  // namespace resnetc::driver
