/// \file `resnetc import`: makes a network's text and its weights from a trained model of another framework.

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>

#include "driver/artefacts.h"
#include "driver/command_line.h"
#include "driver/common.h"
#include "import/import.h"
#include "support/files.h"

namespace resnetc::driver {
namespace {

namespace fs = std::filesystem;

struct ImportCommand {
  std::string model;
  std::string output_dir;
  std::string name;
  std::vector<std::string> settings;
  std::vector<std::string> folders;
  std::string up_to;
  bool force = false;
};

/// Whether the file holds another text than `text`.
bool holds_other(const std::string& path, const std::string& text) {
  std::error_code error;
  if (!fs::exists(path, error)) return false;
  const Result<std::string> there = read_file(path);
  return !there || *there != text;
}

int import_model(const ImportCommand& command) {
  const auto start = std::chrono::steady_clock::now();
  importer::ImportOptions options;
  options.name = command.name;
  options.folders = command.folders;
  options.up_to = command.up_to;
  options.installed_dirs = {RESNETC_NETWORKS_DIR};
  for (const std::string& setting : command.settings) {
    std::string name;
    int64_t value = 0;
    parse_setting(setting, name, value);
    if (value < 1) return usage_error(fmt::format("--set {}: a dimension is at least 1", setting));
    if (!options.settings.emplace(name, value).second) return usage_error(fmt::format("--set gives '{}' twice", name));
  }
  const Result<importer::Imported> imported = importer::import_onnx(command.model, options);
  if (!imported) return fail(imported.failure());

  const std::string stem = fmt::format("{}/{}", command.output_dir, imported->name);
  const std::string text_path = stem + ".rn", weights_path = stem + ".safetensors";
  OutputFolder folder(command.output_dir);
  if (!folder.good()) return fail(folder.good().failure());
  for (const std::string& path : {text_path, weights_path}) {
    if (const Result<> leaves = leaves_inputs(path, {command.model}); !leaves) return fail(leaves.failure());
  }
  if (!command.force && holds_other(text_path, imported->text)) {
    return usage_error(fmt::format("'{}' exists, with another text; --force replaces it, --name chooses another name", text_path));
  }
  std::vector<NewFile> files{{text_path, imported->text}};
  if (!imported->weights.empty()) files.push_back({weights_path, imported->weights});
  if (const Result<> written = replace_files(files); !written) return fail(written.failure());
  fmt::print("{}: {} layers, {} parameters, from {}; {:.2f} s\n", imported->name, imported->layers, grouped(imported->parameters),
             command.model, seconds_since(start));
  for (const NewFile& file : files) fmt::print("  {}  {}\n", file.path, human_bytes(file.bytes.size()));
  return done;
}

}  // namespace

void add_import(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("import", "make a network's text and weights from a trained ONNX model");
  auto options = std::make_shared<ImportCommand>();
  command.add_positional("MODEL.onnx", options->model, "the model");
  command.add_option("-o", options->output_dir, "where NAME.rn and NAME.safetensors go").type_name("DIR").required();
  command.add_option("--name", options->name, "the network's name, and the files' (the model's file's)").type_name("NAME");
  command
      .add_option("--set", options->settings,
                  "the size of an open dimension, by the model's name for it, or N, channels, height, width; may be given several times")
      .type_name("NAME=INT")
      .check([](const std::string& text) {
        std::string name;
        int64_t value = 0;
        return parse_setting(text, name, value);
      });
  command.add_option("-I", options->folders, "also look here for the model's files of weights; may be given several times")
      .type_name("DIR");
  command.add_option("--up-to", options->up_to, "import what lies before this value of the model, which becomes the output")
      .type_name("NAME");
  command.add_flag("--force", options->force, "replace a text that differs from the new one");
  command.callback([&invocation, options] { invocation.action = [options] { return import_model(*options); }; });
}

}  // namespace resnetc::driver
