/// \file Imports models. A text that someone may have changed is not replaced unasked.
#include "driver/model.h"

#include <fmt/format.h>

#include <filesystem>

#include "driver/command_line.h"

namespace resnetc::driver {
namespace {

namespace fs = std::filesystem;

/// Whether the file holds another text than `text`.
bool holds_other(const std::string& path, std::string_view text) {
  std::error_code error;
  if (!fs::exists(path, error)) return false;
  const Result<std::string> there = read_file(path);
  return !there || *there != text;
}

}  // namespace

bool is_model(std::string_view path) { return path.ends_with(model_ending); }

void add_up_to_option(Command command, NetworkOptions& options) {
  command.add_option("--up-to", options.up_to, "of a model: import what lies before this value, which becomes the output")
      .type_name("NAME");
}

Result<importer::Imported> import_model(const NetworkOptions& options) {
  importer::ImportOptions import;
  import.name = options.name;
  import.folders = options.include_dirs;
  import.up_to = options.up_to;
  import.installed_dirs = {RESNETC_NETWORKS_DIR};
  for (const std::string& setting : options.settings) {
    std::string name;
    int64_t value = 0;
    parse_setting(setting, name, value);
    if (value < 1) return Failure{fmt::format("--set {}: a dimension is at least 1", setting), Blame::command};
    if (!import.settings.emplace(name, value).second) return Failure{fmt::format("--set gives '{}' twice", name), Blame::command};
  }
  return importer::import_onnx(options.path, import);
}

ModelFiles files_of(const importer::Imported& model, const std::string& folder) {
  const std::string stem = fmt::format("{}/{}", folder, model.name);
  ModelFiles result{stem + ".rn", stem + ".safetensors", {}};
  result.files.push_back({result.text_path, model.text});
  if (!model.weights.empty()) result.files.push_back({result.weights_path, model.weights});
  return result;
}

Result<> write_model(const ModelFiles& files, bool force) {
  const NewFile& text = files.files.front();
  if (!force && holds_other(text.path, text.bytes)) {
    return Failure{fmt::format("'{}' exists, with another text; --force replaces it, --name chooses another name", text.path),
                   Blame::command};
  }
  return replace_files(files.files);
}

}  // namespace resnetc::driver
