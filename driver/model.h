/// \file Trained models of other frameworks for subcommands: which paths name one, its import, and the files that it becomes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "driver/common.h"
#include "import/import.h"
#include "support/files.h"

namespace resnetc::driver {

class Command;

/// How the names of models end.
inline constexpr std::string_view model_ending = ".onnx";
/// Whether a path names a model. Only its ending counts, in letters of any case, so the answer does not depend on what a file holds.
bool is_model(std::string_view path);

/// Adds --up-to.
void add_up_to_option(Command command, NetworkOptions& options);

/// Imports the model that the path names, as `resnetc import` does it.
Result<importer::Imported> import_model(const NetworkOptions& options);

/// A model's text and weights as files that are to be written. They refer to the model.
struct ModelFiles {
  std::string text_path, weights_path, ranges_path;  ///< also of files that the network does not need
  std::vector<NewFile> files;
};
ModelFiles files_of(const importer::Imported& model, const std::string& folder);
/// Whether write_model() may write the files. The command is to blame if a file with other content lies in the place of one of them, and
/// `force` is not given.
Result<> may_write_model(const ModelFiles& files, bool force);
/// Writes the files to a folder that is there, if it may.
Result<> write_model(const ModelFiles& files, bool force);

}  // namespace resnetc::driver
