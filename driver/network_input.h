/// \file What subcommands that compile are given: a network's text, IR, or a trained model, which becomes a text and weights in memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "driver/checkpoint.h"
#include "driver/common.h"
#include "import/import.h"
#include "passes/any_ir.h"

namespace resnetc::driver {

class Command;

/// Adds the argument for a text or a model, and the options that go with it. `name_help` is the help of --name.
void add_input_options(Command command, NetworkOptions& options, const char* what = "the network's text, or a model to import",
                       const char* name_help = "of a model: the network's name (the model's file's)");

/// An IR, and what the model was imported as if the path named one.
template <class Ir>
struct Loaded {
  Ir ir;
  std::optional<importer::Imported> model;
};

/// Reads a network's text, or imports a model. Diagnostics name the model's text NAME.rn, where it need not be. `files` (may be null) gets
/// the files that were read.
std::optional<Loaded<topology::Network>> load_input(const NetworkOptions& options, Diagnostics& diagnostics,
                                                    std::vector<std::string>* files = nullptr);
/// The same, or IR of any level. Diagnostics name the model's text in `folder`.
std::optional<Loaded<passes::AnyIr>> load_any(const NetworkOptions& options, const std::string& folder, Diagnostics& diagnostics,
                                              std::vector<std::string>& files);

/// Whether there are weights: a checkpoint, or those that came with the model.
bool has_weights(const CheckpointOptions& options, const std::optional<importer::Imported>& model);
/// open_checkpoint() for these. A model with weights takes no checkpoint beside them.
std::unique_ptr<codegen::Safetensors> open_weights(const CheckpointOptions& options, const NetworkOptions& network,
                                                   const std::optional<importer::Imported>& model, const std::vector<TensorRef>& wanted,
                                                   bool whole, Diagnostics& diagnostics);

}  // namespace resnetc::driver
