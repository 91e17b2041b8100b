/// \file Measuring errors: comparison, the library under test, its pictures.
#include "driver/measured_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "codegen/library.h"
#include "driver/common.h"

namespace resnetc::driver {

void MeasuredError::add(std::span<const float> got, const Values& expected, const std::vector<double>& sizes) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  if (got.size() != expected.size() || sizes.empty()) {
    error = infinite;
    return;
  }
  const size_t pixels = expected.size() / sizes.size();
  sizes_.resize(sizes.size());
  differences_.resize(sizes.size());
  values_ += pixels;
  double top = 0, difference = 0;  // of this picture
  for (size_t c = 0; c < sizes.size(); ++c) {
    double in_channel = 0;
    for (size_t i = c * pixels; i < (c + 1) * pixels; ++i) {
      const auto value = static_cast<double>(got[i]);
      finite = finite && std::isfinite(expected[i]);
      if (std::isfinite(expected[i])) top = std::max(top, std::abs(expected[i]));
      if (std::isnan(expected[i]) != std::isnan(value)) in_channel = infinite;
      if (std::isnan(expected[i]) || std::isnan(value) || expected[i] == value) continue;  // the last: infinities
      in_channel = std::max(in_channel, std::abs(expected[i] - value));
    }
    difference = std::max(difference, in_channel);
    differences_[c] = std::max(differences_[c], in_channel);
    sizes_[c] = std::max(sizes_[c], sizes[c]);
  }
  largest = std::max(largest, top);
  error = std::max(error, top > 0 ? difference / top : difference);
}

double MeasuredError::by_channel() const {
  constexpr size_t fewest = 16;
  constexpr double smallest = 1e-30;
  double worst = 0;
  for (size_t c = 0; c < sizes_.size() && values_ >= fewest; ++c) worst = std::max(worst, differences_[c] / std::max(sizes_[c], smallest));
  return worst;
}

std::string error_text(double error) { return std::isfinite(error) ? fmt::format("{:.2e}", error) : "infinite"; }

std::vector<Values> interpret_picture(const graph::Graph& graph, const WeightSource& weights, const Pictures& pictures, size_t index,
                                      const std::function<void(const graph::Op&, const Values&)>& observe) {
  Progress progress(fmt::format("interpreting picture {}", index));
  size_t count = 0;
  return interpret(graph, weights, pictures.planar[index], [&](const graph::Op& op, const Values& values) {
    progress.update(++count, graph.ops.size());
    if (observe) observe(op, values);
  });
}

std::unique_ptr<Trial> Trial::make(const Lowered& lowered, const std::string& name, const WeightSource& weights,
                                   codegen::KernelOptions kernels, std::string& why) {
  std::unique_ptr<Trial> trial(new Trial);
  if (trial->folder_.path().empty()) {
    why = "cannot make a temporary folder";
    return nullptr;
  }
  codegen::LibraryOptions options;
  options.output_dir = trial->folder_.path();
  options.name = name;
  options.weights = &weights;
  options.depends_on_values = lowered.depends_on_values;
  options.archive = false;
  options.kernels = std::move(kernels);
  Progress progress("compiling kernels");
  if (!options.kernels.progress) options.kernels.progress = [&](size_t count, size_t all) { progress.update(count, all); };
  if (!codegen::write_library(lowered.programs, options, why)) return nullptr;
  progress.finish();

  Sources sources;
  Diagnostics diagnostics(sources);
  const std::string path = trial->folder_.file(fmt::format("lib{}.so", name));
  trial->library_ = LoadedLibrary::open(path, diagnostics);
  if (!trial->library_) {
    why = diagnostics.all().front().text;
    return nullptr;
  }
  if (!find_weights(*trial->library_, path, "", trial->weights_, why)) return nullptr;
  return trial;
}

std::unique_ptr<Session> Trial::session(const std::string& target, int batch, int threads, std::string& why) const {
  return Session::create(*library_, weights_.bytes, {batch, threads, target, true, weights_.path}, why);
}

Pictures Trial::pictures(int count) const {
  const auto& port = library_->facts().input;
  Pictures made;
  for (int k = 0; k < count; ++k) {
    made.planar.push_back(generated_input(port.name, k, picture_elements(port), input_format(port)));
    append_input(port, made.planar.back(), made.bytes);
  }
  return made;
}

}  // namespace resnetc::driver
