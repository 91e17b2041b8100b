/// \file `resnetc import`: makes a network's text and its weights from a trained model of another framework.

#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "driver/artefacts.h"
#include "driver/command_line.h"
#include "driver/common.h"
#include "driver/model.h"

namespace resnetc::driver {
namespace {

struct ImportCommand {
  NetworkOptions model;
  std::string output_dir;
  bool force = false;
};

int run_import(const ImportCommand& command) {
  const auto start = std::chrono::steady_clock::now();
  const Result<importer::Imported> imported = import_model(command.model);
  if (!imported) return fail(imported.failure());
  const OutputFolder folder(command.output_dir);
  if (!folder.good()) return fail(folder.good().failure());
  const ModelFiles made = files_of(*imported, command.output_dir);
  for (const std::string& path : {made.text_path, made.weights_path, made.ranges_path}) {
    if (const Result<> leaves = leaves_inputs(path, imported->files); !leaves) return fail(leaves.failure());
  }
  if (const Result<> written = write_model(made, command.force); !written) return fail(written.failure());
  fmt::print("{}: {} {}, {} {}, from {}; {:.2f} s\n", imported->name, imported->layers,
             plural(static_cast<int64_t>(imported->layers), "layer"), grouped(imported->parameters),
             plural(imported->parameters, "parameter"), command.model.path, seconds_since(start));
  for (const std::string& note : imported->notes) fmt::print(stderr, "resnetc: note: {}\n", note);
  for (const NewFile& file : made.files) fmt::print("  {}  {}\n", file.path, human_bytes(file.bytes.size()));
  return done;
}

}  // namespace

void add_import(Command program, Invocation& invocation) {
  Command command = program.add_subcommand("import", "make a network's text and weights from a trained ONNX model");
  auto options = std::make_shared<ImportCommand>();
  command.add_positional("MODEL.onnx", options->model.path, "the model");
  command.add_option("-o", options->output_dir, "where NAME.rn, NAME.safetensors and, of a quantized model, NAME.ranges go")
      .type_name("DIR")
      .required();
  command.add_option("--name", options->model.name, "the network's name, and the files' (the model's file's)").type_name("NAME");
  add_setting_option(
      command, options->model.settings,
      "the size of an open dimension, by the model's name for it, or N, channels, height, width, length; may be given several times");
  add_include_option(command, options->model.include_dirs, "also look here for the model's files of weights; may be given several times");
  add_up_to_option(command, options->model);
  command.add_flag("--force", options->force, "replace a text or weights that differ from the new ones");
  command.callback([&invocation, options] { invocation.action = [options] { return run_import(*options); }; });
}

}  // namespace resnetc::driver
