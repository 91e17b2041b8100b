/// \file Imports models. Files that someone may have changed are not replaced unasked.
#include "driver/model.h"

#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>

#include <filesystem>

#include "codegen/interface.h"
#include "driver/command_line.h"
#include "driver/shell.h"
#include "frontend/lexer.h"
#include "support/mapped_file.h"

namespace resnetc::driver {
namespace {

namespace fs = std::filesystem;

/// Whether another file lies in this file's place.
bool holds_other(const NewFile& file) {
  std::error_code error;
  if (!fs::is_regular_file(file.path, error)) return false;
  const auto there = MappedFile::open(file.path);
  return !there || (*there)->bytes() != file.bytes;
}

/// The command that compiles the text, with all that belongs to it.
std::string compile_command(const ModelFiles& files) {
  std::string command = "resnetc compile " + shell_word(files.text_path);
  for (const NewFile& file : files.files) {
    if (file.path == files.weights_path) command += " --weights " + shell_word(file.path);
    if (file.path == files.ranges_path) command += " --precision int8 --ranges " + shell_word(file.path);
  }
  return command;
}

}  // namespace

bool is_model(std::string_view path) { return llvm::StringRef(path).ends_with_insensitive(model_ending); }

void add_up_to_option(Command command, NetworkOptions& options) {
  command.add_option("--up-to", options.up_to, "of a model: import what lies before this value, which becomes the output")
      .type_name("NAME");
}

Result<importer::Imported> import_model(const NetworkOptions& options) {
  importer::ImportOptions import;
  import.name = options.name;
  if (!options.name.empty()) {
    if (const std::string fault = codegen::name_fault(options.name); !fault.empty()) return Failure{"--name: " + fault, Blame::command};
    if (is_keyword(options.name)) return Failure{fmt::format("--name: '{}' is a word of the language", options.name), Blame::command};
  }
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
  ModelFiles result{stem + ".rn", stem + ".safetensors", stem + ".ranges", {}};
  result.files.push_back({result.text_path, model.text});
  if (!model.weights.empty()) result.files.push_back({result.weights_path, model.weights});
  if (!model.ranges.empty()) result.files.push_back({result.ranges_path, model.ranges});
  return result;
}

Result<> may_write_model(const ModelFiles& files, bool force) {
  for (const NewFile& file : files.files) {
    if (force || !holds_other(file)) continue;
    const bool text = file.path == files.text_path;
    return Failure{fmt::format("'{}' exists, with {}; --force replaces it, --name chooses another name{}", file.path,
                               text                             ? "another text"
                               : file.path == files.ranges_path ? "other ranges"
                                                                : "other weights",
                               text ? fmt::format("; to compile the edited text: {}", compile_command(files)) : ""),
                   Blame::command};
  }
  return {};
}

Result<> write_model(const ModelFiles& files, bool force) {
  const Result<> may = may_write_model(files, force);
  return may ? replace_files(files.files) : may;
}

}  // namespace resnetc::driver
