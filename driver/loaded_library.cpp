/// \file Loads a compiled library and runs it.
#include "driver/loaded_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "codegen/weights/safetensors.h"
#include "driver/shell.h"

namespace resnetc::driver {

std::unique_ptr<LoadedLibrary> LoadedLibrary::open(const std::string& path, Diagnostics& diagnostics) {
  auto text = codegen::read_manifest(path, diagnostics);
  if (!text) return nullptr;
  FileId file = diagnostics.sources().named(path);
  auto fail = [&](std::string reason) -> std::unique_ptr<LoadedLibrary> {
    diagnostics.error({file, 0, 0, 0}, std::move(reason));
    return nullptr;
  };
  Result<codegen::LibraryFacts> facts = codegen::parse_manifest(*text);
  if (!facts) return fail(facts.failure().text);
  std::unique_ptr<LoadedLibrary> library(new LoadedLibrary);
  library->path_ = path;
  library->facts_ = std::move(*facts);
  std::error_code error;
  std::string absolute = std::filesystem::absolute(path, error).string();  // a bare name would be searched in the system's folders
  library->handle_ = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library->handle_ == nullptr) return fail(fmt::format("cannot load the library: {}", dlerror()));
  std::string missing;
  auto find = [&](auto& function, const char* name) {
    std::string symbol = library->facts_.name + "_" + name;
    void* address = dlsym(library->handle_, symbol.c_str());
    if (address == nullptr && missing.empty()) missing = symbol;
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(address);
  };
  Functions& functions = library->functions_;
  find(functions.create, "create");
  find(functions.run, "run_outputs");
  find(functions.destroy, "destroy");
  find(functions.status_string, "status_string");
  find(functions.selected_target, "selected_target");
  find(functions.set_observer, "set_observer");
  if (!missing.empty()) return fail(fmt::format("the library has no function '{}'", missing));
  return library;
}

LoadedLibrary::~LoadedLibrary() {
  if (handle_ != nullptr) dlclose(handle_);
}

std::string LoadedLibrary::pack_command() const {
  if (facts_.content_hash != 0) return "resnetc compile NET.rn --weights FILE.safetensors";  // the library accepts only these values
  const std::string command = fmt::format("resnetc pack {}", shell_word(path_));
  return codegen::wants_checkpoint(facts_.constants) ? command + " --weights FILE.safetensors" : command;
}

const codegen::LibraryFacts::Target& LoadedLibrary::target(std::string_view label) const {
  for (const auto& target : facts_.targets) {
    if (target.label() == label) return target;
  }
  return facts_.targets.front();
}

Session::Session(const LoadedLibrary& library, const Options& options)
    : library_(library), batch_(options.batch), copy_weights_(options.copy_weights) {
  for (const auto& port : library.facts().outputs) {
    size_t bytes = static_cast<size_t>(port.picture_bytes) * static_cast<size_t>(batch_);
    outputs_.emplace_back(elements_in(static_cast<int64_t>(bytes), port.element));
    sizes_.push_back(bytes);
  }
  for (auto& output : outputs_) pointers_.push_back(output.data());
}

namespace {

/// The reason why the library refuses these weights, with the command that makes the right ones.
std::string weights_fault(const LoadedLibrary& library, int32_t status, const std::string& path) {
  if (library.facts().weights_bytes == 0) {
    return fmt::format("'{}' is not for this library: its network has no weights, and needs no --weights", path);
  }
  if (status == RN_WEIGHTS_MAGIC_WRONG || status == RN_WEIGHTS_SIZE_WRONG) {
    Sources sources;
    Diagnostics ignored(sources);
    if (codegen::Safetensors::open(path, ignored)) {
      return fmt::format("'{}' is a checkpoint, which must be packed for the library: '{}' does so", path, library.pack_command());
    }
  }
  return fmt::format("'{}': {}; '{}' makes the library's own", path, library.functions().status_string(status), library.pack_command());
}

}  // namespace

Result<std::unique_ptr<Session>> Session::create(const LoadedLibrary& library, std::string_view weights, const Options& options) {
  const char* from_environment = std::getenv("RESNETC_TARGET");
  const std::string target = options.target.empty() && from_environment != nullptr ? from_environment : options.target;
  std::span<const codegen::LibraryFacts::Target> targets = library.facts().targets;
  if (!target.empty() &&
      std::none_of(targets.begin(), targets.end(), [&](const auto& t) { return rn_answers_to(t.label().c_str(), target.c_str()) != 0; })) {
    std::string names;
    for (const auto& known : targets) names += (names.empty() ? "" : ", ") + known.label();
    return Failure{fmt::format("the library has no target '{}'{}; it has {}", target,
                               options.target.empty() ? ", which RESNETC_TARGET asks for" : "", names),
                   Blame::command};
  }
  const auto on_gpu = [&](const auto& t) {
    return t.on_gpu() && (target.empty() || rn_answers_to(t.label().c_str(), target.c_str()) != 0);
  };
  if (options.device != 0 && std::none_of(targets.begin(), targets.end(), on_gpu)) {
    return Failure{fmt::format("--device-index {} is a GPU's, and {} is for none", options.device,
                               target.empty() ? "the library" : fmt::format("the target '{}'", target)),
                   Blame::command};
  }
  std::unique_ptr<Session> session(new Session(library, options));
  rn_options given{};
  given.size = sizeof given;
  given.max_batch = options.batch;
  given.threads = options.threads;
  given.target = options.target.empty() ? nullptr : options.target.c_str();
  given.device = options.device;
  given.verify_contents = options.verify_contents ? 1 : 0;
  given.keep_denormals = options.keep_denormals ? 1 : 0;
  given.copy_weights = options.copy_weights ? 1 : 0;
  int32_t status = library.functions().create(weights.empty() ? nullptr : weights.data(), weights.size(), &given, &session->context_);
  if (status != RN_OK) {
    if (status >= RN_WEIGHTS_MISALIGNED && status <= RN_WEIGHTS_CORRUPT && !options.weights_path.empty()) {
      return Failure{weights_fault(library, status, options.weights_path)};
    }
    return Failure{library.functions().status_string(status)};
  }
  return session;
}

Session::~Session() {
  if (context_ != nullptr) library_.functions().destroy(context_);
}

bool Session::copied_weights() const { return copy_weights_ && library_.facts().weights_bytes != 0 && !library_.target(target()).on_gpu(); }

Result<> Session::run(std::string_view input) {
  int32_t status = library_.functions().run(context_, input.data(), input.size(), pointers_.data(), sizes_.data(), batch_);
  if (status != RN_OK) return Failure{library_.functions().status_string(status)};
  return {};
}

Result<Weights> find_weights(const LoadedLibrary& library, const std::string& library_path, const std::string& named) {
  Weights weights;
  std::string path = named;
  if (path.empty()) {
    if (library.facts().embedded || library.facts().weights_bytes == 0) {
      weights.found = true;
      return weights;
    }
    std::filesystem::path beside = std::filesystem::path(library_path).parent_path() / (library.facts().name + ".weights");
    std::error_code error;
    if (!std::filesystem::exists(beside, error)) return weights;
    path = beside.string();
  }
  Result<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file) return file.failure();
  weights.path = path;
  weights.file = std::move(*file);
  weights.bytes = weights.file->bytes();
  weights.found = !weights.bytes.empty();
  if (!weights.found) return Failure{fmt::format("'{}' is empty", path)};
  return weights;
}

int64_t picture_elements(const codegen::LibraryFacts::Port& port) {
  int64_t n = 1;
  for (int64_t d : port.dims) n *= d;
  return n;
}

void append_input(const codegen::LibraryFacts::Port& port, const Values& planar, std::string& bytes) {
  const size_t channels = port.order == DimensionOrder::channels_last ? static_cast<size_t>(port.dims.back()) : 1;
  const size_t pixels = planar.size() / channels;
  for (size_t p = 0; p < pixels; ++p) {
    for (size_t c = 0; c < channels; ++c) append_element(port.element, planar[c * pixels + p], bytes);
  }
}

}  // namespace resnetc::driver
