/// \file write_library(): makes everything in memory, then writes it.
#include "codegen/library.h"

#include <fmt/format.h>
#include <llvm/Support/FileSystem.h>

#include <algorithm>
#include <set>

#include "codegen/embedded_runtime.h"
#include "codegen/entry.h"
#include "codegen/interface.h"
#include "codegen/link.h"
#include "codegen/manifest.h"
#include "codegen/weights/weights_file.h"
#include "support/files.h"

namespace resnetc::codegen {
namespace {

struct Artefact {
  std::string file;
  std::string bytes;
};

/// Compiles all kernels of all programs, and returns the objects and each program's symbols.
Result<KernelSet> compile_all(std::span<const program::Program> programs, const KernelOptions& options,
                              std::vector<EntryProgram>& entries) {
  std::vector<KernelJob> jobs;
  for (const program::Program& program : programs) {
    for (const program::Kernel& kernel : program.kernels) jobs.push_back({program::spec_of(program, kernel), program.target});
  }
  Result<KernelSet> kernels = compile_kernels(jobs, options);
  if (!kernels) return kernels;
  size_t job = 0;
  for (const program::Program& program : programs) {
    EntryProgram entry{&program, {}};
    for (size_t k = 0; k < program.kernels.size(); ++k) entry.symbols.push_back(kernels->objects[kernels->index[job++]].symbol + "_argv");
    entries.push_back(std::move(entry));
  }
  return kernels;
}

Result<> check(std::span<const program::Program> programs, const LibraryOptions& options) {
  if (programs.empty()) return Failure{"no program"};
  if (std::string fault = name_fault(options.name); !fault.empty()) {
    return Failure{fmt::format("this cannot be a library's name: {}; --name gives another", fault)};
  }
  for (const program::Program& program : programs) {
    if (recipe_hash(program.constants) != recipe_hash(programs[0].constants)) {
      return Failure{"the targets' programs differ in their constants"};
    }
  }
  std::set<std::string> labels;
  for (const program::Program& program : programs) {
    if (!labels.insert(label(program)).second) return Failure{fmt::format("two programs are for {}", label(program))};
  }
  for (const program::Program& program : programs) {
    if (program.target->architecture != programs[0].target->architecture) return Failure{"the targets are not of one architecture"};
  }
  if (options.weights == nullptr && options.embed_weights && wants_checkpoint(programs[0].constants)) {
    return Failure{"there are no weights to embed"};
  }
  if (options.weights == nullptr && options.depends_on_values) return Failure{"the programs depend on weights that are not given"};
  return {};
}

Result<std::vector<std::string>> write_artefacts(const std::string& folder, const std::vector<Artefact>& artefacts) {
  if (const std::error_code error = llvm::sys::fs::create_directories(folder)) {
    return Failure{fmt::format("{}: {}", folder, error.message())};
  }
  std::vector<NewFile> files;
  std::vector<std::string> paths;
  for (const Artefact& artefact : artefacts) {
    files.push_back({folder + "/" + artefact.file, artefact.bytes});
    paths.push_back(files.back().path);
  }
  if (const Result<> written = replace_files(files); !written) return written.failure();
  return paths;
}

}  // namespace

Result<std::vector<std::string>> write_library(std::span<const program::Program> programs, const LibraryOptions& options) {
  if (const Result<> good = check(programs, options); !good) return good.failure();
  const program::Program& first = programs[0];
  std::vector<EntryProgram> entries;
  const Result<KernelSet> kernels = compile_all(programs, options.kernels, entries);
  if (!kernels) return kernels.failure();

  std::optional<std::string> weights;
  const NoTensors none;
  const WeightSource* source = options.weights;
  if (source == nullptr && !wants_checkpoint(first.constants)) source = &none;
  if (source != nullptr) {
    Result<std::string> packed = pack_weights(first.constants, options.name, *source, options.keep_denormals);
    if (!packed) return packed.failure();
    weights = std::move(*packed);
    std::string warning = not_numbers(first.constants, *weights, *source);
    if (!warning.empty() && options.warn) options.warn(std::move(warning));
  }
  const uint64_t values_hash = options.depends_on_values ? content_hash(*weights) : 0;
  std::string json = manifest_json(programs, options, values_hash);

  EntryOptions entry_options{interface_of(first, options.name), json, recipe_hash(first.constants), values_hash, {}};
  const bool any = !first.constants.empty();  // a library without constants asks for no weights
  if (options.embed_weights && any) entry_options.embedded = *weights;
  const Result<std::string> entry = emit_entry(entries, entry_options);
  if (!entry) return entry.failure();

  const Architecture architecture = first.target->architecture;
  std::vector<std::string_view> objects = {*entry, embedded_runtime(architecture)};
  const bool gpu = std::any_of(programs.begin(), programs.end(), program::on_gpu);
  if (gpu) objects.push_back(embedded_cuda_runtime(architecture));
  for (const KernelObject& kernel : kernels->objects) objects.emplace_back(kernel.object);
  const Result<std::string> object = link_relocatable(architecture, objects, api_symbols(entry_options.interface, gpu));
  if (!object) return object.failure();

  std::vector<Artefact> artefacts;
  if (options.shared) {
    Result<std::string> shared = link_shared(architecture, *object, fmt::format("lib{}.so", options.name));
    if (!shared) return shared.failure();
    artefacts.push_back({fmt::format("lib{}.so", options.name), std::move(*shared)});
  }
  if (options.archive) {
    Result<std::string> archive = make_archive(*object, options.name + ".o");
    if (!archive) return archive.failure();
    artefacts.push_back({fmt::format("lib{}.a", options.name), std::move(*archive)});
  }
  artefacts.push_back({options.name + ".h", header(first, options.name, gpu)});
  if (weights && any && !options.embed_weights) artefacts.push_back({options.name + ".weights", std::move(*weights)});
  artefacts.push_back({options.name + ".json", std::move(json)});

  return write_artefacts(options.output_dir, artefacts);
}

}  // namespace resnetc::codegen
