#include "tests/exactness/compiled.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <utility>

#include "codegen/host.h"
#include "codegen/interface.h"
#include "codegen/library.h"
#include "passes/pipeline.h"

namespace resnetc::exactness {

namespace fs = std::filesystem;

std::vector<const Target*> runnable_targets(Arithmetic arithmetic) {
  std::vector<const Target*> targets;
  for (const Target& target : all_targets()) {
    if (!target.on_gpu() && target.serves(arithmetic) && codegen::runs_here(target)) targets.push_back(&target);
  }
  return targets;
}

std::vector<program::Program> lower(const topology::Network& network, std::span<const Target* const> targets, Diagnostics& diagnostics,
                                    graph::Graph* graph, int64_t winograd_tile, const program::Tuning* tuned, const Machine& machine,
                                    ElementType weights, graph::Graph* rounded) {
  std::vector<program::Program> programs;
  for (const Target* target : targets) {
    passes::AnyIr ir = network;
    passes::PipelineContext context;
    context.diagnostics = &diagnostics;
    context.target = target;
    context.machine = &machine;
    context.winograd_tile = winograd_tile;
    context.tuned = tuned;
    context.weights_limited = tuned == nullptr;
    context.weights_element = weights;
    context.after_pass = [&](const passes::PassRun& run) {
      if (graph != nullptr && run.pass.from == passes::Level::topology && run.pass.to == passes::Level::graph)
        *graph = std::get<graph::Graph>(run.ir);
      if (rounded != nullptr && run.pass.name == "narrow-weights") *rounded = std::get<graph::Graph>(run.ir);
    };
    if (!passes::run_pipeline(ir, passes::Level::program, context)) return {};
    programs.push_back(std::get<program::Program>(std::move(ir)));
  }
  return programs;
}

Result<std::unique_ptr<Library>> Library::make(std::span<const program::Program> programs, const std::string& name, const std::string& dir,
                                               const codegen::KernelOptions& kernels, const WeightSource& weights) {
  codegen::LibraryOptions options;
  options.output_dir = dir;
  options.name = name;
  options.weights = &weights;
  options.archive = false;
  options.kernels = kernels;
  if (const auto written = codegen::write_library(programs, options); !written) return written.failure();

  std::unique_ptr<Library> library(new Library);
  library->name_ = name;
  const codegen::Interface interface = codegen::interface_of(programs.front(), name);
  library->input_bytes_ = static_cast<size_t>(interface.input.picture_bytes);
  for (const codegen::Port& output : interface.outputs)
    library->output_elements_.push_back(static_cast<size_t>(output.picture_bytes) / sizeof(float));

  library->handle_ = dlopen(fmt::format("{}/lib{}.so", dir, name).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library->handle_ == nullptr) return Failure{dlerror()};
  const std::string path = fmt::format("{}/{}.weights", dir, name);
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status = {};
  if (file >= 0 && fstat(file, &status) == 0) {
    library->weights_bytes_ = static_cast<size_t>(status.st_size);
    void* mapping = mmap(nullptr, library->weights_bytes_, PROT_READ, MAP_PRIVATE, file, 0);
    if (mapping != MAP_FAILED) library->weights_ = mapping;
  }
  if (file >= 0) close(file);
  if (library->weights_ == nullptr && !programs.front().constants.empty())
    return Failure{fmt::format("cannot map '{}': {}", path, std::strerror(errno))};
  return library;
}

Library::~Library() {
  if (weights_ != nullptr) munmap(weights_, weights_bytes_);
  if (handle_ != nullptr) dlclose(handle_);
}

namespace {

/// A function of the library by the part of its name after the network's.
template <typename Function>
Function* symbol(void* handle, const std::string& network, const char* name) {
  return reinterpret_cast<Function*>(dlsym(handle, (network + "_" + name).c_str()));
}

using Create = int32_t(const void*, size_t, const rn_options*, rn_context**);
using Run = int32_t(rn_context*, const void*, size_t, void* const*, const size_t*, int32_t);
using Destroy = void(rn_context*);
using StatusString = const char*(int32_t);
using SelectedTarget = const char*(const rn_context*);

}  // namespace

Result<std::unique_ptr<Context>> Context::make(const Library& library, const std::string& target, int32_t threads, int32_t max_batch) {
  rn_options options{};
  options.size = sizeof options;
  options.max_batch = max_batch;
  options.threads = threads;
  options.target = target.c_str();
  std::unique_ptr<Context> context(new Context);
  context->library_ = &library;
  auto* create = symbol<Create>(library.handle_, library.name_, "create");
  auto* text = symbol<StatusString>(library.handle_, library.name_, "status_string");
  auto* selected = symbol<SelectedTarget>(library.handle_, library.name_, "selected_target");
  if (create == nullptr || text == nullptr || selected == nullptr) return Failure{"the library lacks one of its functions"};
  const int32_t status = create(library.weights_, library.weights_bytes_, &options, &context->context_);
  if (status != RN_OK) return Failure{fmt::format("create: {}", text(status))};
  if (target != selected(context->context_))
    return Failure{fmt::format("asked for {}, the library chose {}", target, selected(context->context_))};
  return context;
}

Context::~Context() {
  if (context_ == nullptr) return;
  if (auto* destroy = symbol<Destroy>(library_->handle_, library_->name_, "destroy")) destroy(context_);
}

Result<std::vector<std::vector<float>>> Context::run(std::span<const std::vector<std::byte>> pictures) {
  const size_t batch = pictures.size();
  // The caller's buffers are aligned as malloc aligns them and end where the data ends, so that a sanitizer sees a read past them.
  std::vector<std::byte> input;
  for (const std::vector<std::byte>& picture : pictures) input.insert(input.end(), picture.begin(), picture.end());
  if (input.size() != batch * library_->input_bytes_) return Failure{"a picture is of the wrong size"};
  std::vector<std::vector<float>> buffers;
  std::vector<void*> outputs;
  std::vector<size_t> bytes;
  for (size_t elements : library_->output_elements_) {
    buffers.emplace_back(batch * elements, std::numeric_limits<float>::quiet_NaN());
    outputs.push_back(buffers.back().data());
    bytes.push_back(batch * elements * sizeof(float));
  }
  auto* run_outputs = symbol<Run>(library_->handle_, library_->name_, "run_outputs");
  auto* text = symbol<StatusString>(library_->handle_, library_->name_, "status_string");
  if (run_outputs == nullptr || text == nullptr) return Failure{"the library lacks one of its functions"};
  const int32_t status = run_outputs(context_, input.data(), input.size(), outputs.data(), bytes.data(), static_cast<int32_t>(batch));
  if (status != RN_OK) return Failure{fmt::format("run: {}", text(status))};
  std::vector<std::vector<float>> results(batch);
  for (size_t port = 0; port < buffers.size(); ++port) {
    const size_t elements = library_->output_elements_[port];
    for (size_t n = 0; n < batch; ++n) {
      const float* from = buffers[port].data() + n * elements;
      results[n].insert(results[n].end(), from, from + elements);
    }
  }
  return results;
}

std::vector<std::byte> to_bytes(const Values& picture, const InputBuffer& buffer) {
  std::vector<std::byte> bytes;
  if (buffer.type.element == ElementType::u8) {
    const auto channels = static_cast<size_t>(buffer.type.channels), pixels = static_cast<size_t>(buffer.type.pixels());
    bytes.resize(channels * pixels);
    for (size_t c = 0; c < channels; ++c) {
      for (size_t p = 0; p < pixels; ++p) bytes[p * channels + c] = static_cast<std::byte>(picture[c * pixels + p]);
    }
    return bytes;
  }
  bytes.resize(picture.size() * sizeof(float));
  for (size_t i = 0; i < picture.size(); ++i) {
    const auto value = static_cast<float>(picture[i]);
    std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
  }
  return bytes;
}

double relative_difference(std::span<const float> result, std::span<const double> reference, double scale) {
  if (result.size() != reference.size()) return std::numeric_limits<double>::infinity();
  double largest = scale, difference = 0;
  for (size_t i = 0; i < result.size(); ++i) {
    const double apart = std::abs(static_cast<double>(result[i]) - reference[i]);
    if (!std::isfinite(apart)) return std::numeric_limits<double>::infinity();
    difference = std::max(difference, apart);
    largest = std::max(largest, std::abs(reference[i]));
  }
  return largest > 0 ? difference / largest : difference;
}

}  // namespace resnetc::exactness
