/// \file The one place that tells texts, IR and models apart.
#include "driver/network_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "driver/command_line.h"
#include "driver/ir_format.h"
#include "driver/model.h"
#include "support/mapped_file.h"

namespace resnetc::driver {
namespace {

Diagnostic& wrong_command(const NetworkOptions& options, std::string text, Diagnostics& diagnostics) {
  Diagnostic& error = diagnostics.error({diagnostics.sources().named(options.path), 0, 0, 0}, std::move(text));
  error.blame = Blame::command;
  return error;
}

/// Whether a file holds what no text does. False if it cannot be read.
bool is_binary(const std::string& path) {
  constexpr size_t enough = 512;
  const Result<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file) return false;
  const std::string_view start = (*file)->bytes().substr(0, enough);
  return std::any_of(start.begin(), start.end(), [](char c) { return c >= 0 && c < '\t'; });
}

/// Whether a path that names no model can be read as a text. Errors of reading are reported where texts are read.
bool may_be_text(const NetworkOptions& options, Diagnostics& diagnostics) {
  if (!options.up_to.empty()) {
    wrong_command(options, fmt::format("--up-to is for a model, whose name ends in '{}'", model_ending), diagnostics);
    return false;
  }
  if (is_binary(options.path)) {
    diagnostics.error({diagnostics.sources().named(options.path), 0, 0, 0},
                      fmt::format("no network's text; the name of a model to import ends in '{}'", model_ending));
    return false;
  }
  return true;
}

std::optional<Loaded<topology::Network>> load_model(const NetworkOptions& options, const std::string& folder, Diagnostics& diagnostics,
                                                    std::vector<std::string>* files) {
  Result<importer::Imported> model = import_model(options);
  if (!model) {
    const Failure& failure = model.failure();
    diagnostics.error({}, failure.text).blame = failure.blame;
    return std::nullopt;
  }
  FrontendOptions frontend;
  frontend.installed_dirs = {RESNETC_NETWORKS_DIR};
  const std::string path = (std::filesystem::path(folder) / (model->name + ".rn")).string();
  if (files != nullptr) files->insert(files->end(), model->files.begin(), model->files.end());
  std::optional<topology::Network> network = parse_network(path, model->text, frontend, diagnostics, files);
  if (!network) return std::nullopt;
  return Loaded<topology::Network>{std::move(*network), std::move(*model)};
}

}  // namespace

void add_input_options(Command command, NetworkOptions& options, const char* what, const char* name_help) {
  command.add_positional("NET.rn|MODEL.onnx", options.path, what);
  add_include_option(command, options.include_dirs,
                     "also look here for files named by 'use', or for a model's weights; may be given several times");
  add_setting_option(command, options.settings,
                     "give a parameter of the network another value, or an open dimension of a model its size; may be given several times");
  command.add_option("--name", options.name, name_help).type_name("NAME");
  add_up_to_option(command, options);
}

std::optional<Loaded<topology::Network>> load_input(const NetworkOptions& options, Diagnostics& diagnostics,
                                                    std::vector<std::string>* files) {
  if (is_model(options.path)) return load_model(options, "", diagnostics, files);
  if (!options.name.empty()) {
    wrong_command(options, fmt::format("--name is for a model, whose name ends in '{}'", model_ending), diagnostics);
    return std::nullopt;
  }
  if (!may_be_text(options, diagnostics)) return std::nullopt;
  std::optional<topology::Network> network = load(options, diagnostics, files);
  if (!network) return std::nullopt;
  return Loaded<topology::Network>{std::move(*network), std::nullopt};
}

std::optional<Loaded<passes::AnyIr>> load_any(const NetworkOptions& options, const std::string& folder, Diagnostics& diagnostics,
                                              std::vector<std::string>& files) {
  if (is_model(options.path)) {
    auto loaded = load_model(options, folder, diagnostics, &files);
    if (!loaded) return std::nullopt;
    return Loaded<passes::AnyIr>{std::move(loaded->ir), std::move(loaded->model)};
  }
  if (!may_be_text(options, diagnostics)) return std::nullopt;
  std::optional<passes::AnyIr> ir = load_text_or_ir(options, diagnostics, files);
  if (!ir) return std::nullopt;
  return Loaded<passes::AnyIr>{std::move(*ir), std::nullopt};
}

bool has_weights(const CheckpointOptions& options, const std::optional<importer::Imported>& model) {
  return !options.path.empty() || (model && !model->weights.empty());
}

std::unique_ptr<codegen::Safetensors> open_weights(const CheckpointOptions& options, const NetworkOptions& network,
                                                   const std::optional<importer::Imported>& model, const std::vector<TensorRef>& wanted,
                                                   bool whole, Diagnostics& diagnostics) {
  if (!model) return open_checkpoint(options, wanted, whole, diagnostics);
  if (!options.path.empty()) {
    wrong_command(network, "--weights: a model has its own weights; the text that 'resnetc import' makes of it takes others", diagnostics);
    return nullptr;
  }
  std::unique_ptr<codegen::Safetensors> weights = codegen::Safetensors::from_bytes(network.path, model->weights, diagnostics);
  return weights && codegen::matches(*weights, wanted, codegen::Unread::fine, diagnostics) ? std::move(weights) : nullptr;
}

}  // namespace resnetc::driver
