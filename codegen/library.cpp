/// \file write_library(): everything is made in memory, then written.
#include "codegen/library.h"

#include <fmt/format.h>
#include <llvm/Support/FileSystem.h>

#include <algorithm>

#include "codegen/embedded_runtime.h"
#include "codegen/entry.h"
#include "codegen/interface.h"
#include "codegen/link.h"
#include "codegen/manifest.h"
#include "codegen/weights_file.h"
#include "support/files.h"

namespace resnetc::codegen {
namespace {

struct Artefact {
  std::string file;
  std::string bytes;
};

/// Objects of all kernels of all programs, and each program's symbols.
std::optional<KernelSet> compile_all(std::span<const program::Program> programs, const KernelOptions& options,
                                     std::vector<EntryProgram>& entries, std::string& why) {
  std::vector<KernelJob> jobs;
  for (const program::Program& program : programs) {
    for (const program::Kernel& kernel : program.kernels) jobs.push_back({program::spec_of(program, kernel), program.target});
  }
  std::optional<KernelSet> kernels = compile_kernels(jobs, options, why);
  if (!kernels) return std::nullopt;
  size_t job = 0;
  for (const program::Program& program : programs) {
    EntryProgram entry{&program, {}};
    for (size_t k = 0; k < program.kernels.size(); ++k) entry.symbols.push_back(kernels->objects[kernels->index[job++]].symbol + "_argv");
    entries.push_back(std::move(entry));
  }
  return kernels;
}

std::optional<std::string> check(std::span<const program::Program> programs, const LibraryOptions& options) {
  if (programs.empty()) return "no program";
  if (std::string fault = name_fault(options.name); !fault.empty()) {
    return fmt::format("this cannot be a library's name: {}; --name gives another", fault);
  }
  for (const program::Program& program : programs) {
    if (recipe_hash(program.constants) != recipe_hash(programs[0].constants)) return "the targets' programs differ in their constants";
  }
  for (const program::Program& program : programs) {
    if (program.target->architecture != programs[0].target->architecture) return "the targets are not of one architecture";
  }
  if (options.weights == nullptr && options.embed_weights && wants_checkpoint(programs[0].constants))
    return "there are no weights to embed";
  if (options.weights == nullptr && options.depends_on_values) return "the programs depend on weights that are not given";
  return std::nullopt;
}

bool write_artefacts(const std::string& folder, const std::vector<Artefact>& artefacts, std::vector<std::string>& paths, std::string& why) {
  if (const std::error_code error = llvm::sys::fs::create_directories(folder)) {
    why = fmt::format("{}: {}", folder, error.message());
    return false;
  }
  std::vector<NewFile> files;
  for (const Artefact& artefact : artefacts) {
    files.push_back({folder + "/" + artefact.file, artefact.bytes});
    paths.push_back(files.back().path);
  }
  return replace_files(files, why);
}

}  // namespace

std::optional<std::vector<std::string>> write_library(std::span<const program::Program> programs, const LibraryOptions& options,
                                                      std::string& why) {
  if (std::optional<std::string> fault = check(programs, options)) {
    why = std::move(*fault);
    return std::nullopt;
  }
  const program::Program& first = programs[0];
  std::vector<EntryProgram> entries;
  const std::optional<KernelSet> kernels = compile_all(programs, options.kernels, entries, why);
  if (!kernels) return std::nullopt;

  std::optional<std::string> weights;
  const NoTensors none;
  const WeightSource* source = options.weights;
  if (source == nullptr && !wants_checkpoint(first.constants)) source = &none;
  if (source != nullptr) {
    weights = pack_weights(first.constants, options.name, *source, why, options.keep_denormals);
    if (!weights) return std::nullopt;
    if (std::string warning = not_numbers(first.constants, *weights); !warning.empty() && options.warn) options.warn(std::move(warning));
  }
  const uint64_t values_hash = options.depends_on_values ? content_hash(*weights) : 0;
  std::string json = manifest_json(programs, options, values_hash);

  EntryOptions entry_options{interface_of(first, options.name), json, recipe_hash(first.constants), values_hash, {}};
  const bool any = !first.constants.empty();  // a library without constants asks for no weights
  if (options.embed_weights && any) entry_options.embedded = *weights;
  const std::optional<std::string> entry = emit_entry(entries, entry_options, why);
  if (!entry) return std::nullopt;

  const Architecture architecture = first.target->architecture;
  std::vector<std::string_view> objects = {*entry, embedded_runtime(architecture)};
  const bool gpu = std::any_of(programs.begin(), programs.end(), program::on_gpu);
  if (gpu) objects.push_back(embedded_cuda_runtime(architecture));
  for (const KernelObject& kernel : kernels->objects) objects.emplace_back(kernel.object);
  const std::optional<std::string> object = link_relocatable(architecture, objects, api_symbols(entry_options.interface, gpu), why);
  if (!object) return std::nullopt;

  std::vector<Artefact> artefacts;
  if (options.shared) {
    std::optional<std::string> shared = link_shared(architecture, *object, fmt::format("lib{}.so", options.name), why);
    if (!shared) return std::nullopt;
    artefacts.push_back({fmt::format("lib{}.so", options.name), std::move(*shared)});
  }
  if (options.archive) {
    std::optional<std::string> archive = make_archive(*object, options.name + ".o", why);
    if (!archive) return std::nullopt;
    artefacts.push_back({fmt::format("lib{}.a", options.name), std::move(*archive)});
  }
  artefacts.push_back({options.name + ".h", header(first, options.name, gpu)});
  if (weights && any && !options.embed_weights) artefacts.push_back({options.name + ".weights", std::move(*weights)});
  artefacts.push_back({options.name + ".json", std::move(json)});

  std::vector<std::string> paths;
  if (!write_artefacts(options.output_dir, artefacts, paths, why)) return std::nullopt;
  return paths;
}

}  // namespace resnetc::codegen
