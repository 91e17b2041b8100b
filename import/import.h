/// \file The whole import: from a model's file to a text and its weights.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "import/flatten.h"
#include "support/failure.h"

namespace resnetc::importer {

struct ImportOptions {
  std::string name{};                         ///< of the network; empty: the file's, made a name
  Settings settings{};                        ///< sizes of open dimensions
  std::vector<std::string> folders{};         ///< where the model's other files may lie, besides its own folder
  std::string up_to{};                        ///< the value that becomes the output; empty: the model's outputs
  std::vector<std::string> installed_dirs{};  ///< the networks that come with resnetc, whose blocks a text may use
};

struct Imported {
  std::string name;                ///< of the network
  std::string text;                ///< NAME.rn, formatted
  std::string weights;             ///< NAME.safetensors; empty if the network has none
  std::string ranges;              ///< NAME.ranges: how the model rounds values; empty if it has no integers
  std::vector<std::string> notes;  ///< where the library will not give to the bit what the model does, in the user's words
  std::vector<std::string> files;  ///< that were read; empty for a model in memory
  size_t layers = 0;
  int64_t parameters = 0;
};

/// Imports the ONNX model in a file, which is untrusted. The text has been read back, and gives the model's graph.
Result<Imported> import_onnx(const std::string& path, const ImportOptions& options);

/// The steps behind import_onnx(), for a model in memory. `origin` is the file's name, as the text's first line tells it.
Result<Imported> import_model(const Model& model, const std::string& origin, const ImportOptions& options);

}  // namespace resnetc::importer
