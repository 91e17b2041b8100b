/// \file Checkpoints for subcommands: the options, and the comparison of the file with the tensors that are read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codegen/weights/checkpoint.h"
#include "passes/any_ir.h"

namespace resnetc::driver {

class Command;

struct CheckpointOptions {
  std::string path;                   ///< empty: none is given
  std::vector<std::string> prefixes;  ///< that are removed from the tensors' names, one after the other
  bool strict = false;
};
/// Adds --weights, --strip-prefix and --strict.
void add_checkpoint_options(Command command, CheckpointOptions& options, const std::string& what);

/// Opens the checkpoint, which must have a path, and compares it with the `wanted` tensors. With `whole`, these are all tensors of a
/// network, and other tensors give a warning. Without it, blocks that read other tensors may be gone. Null, and errors in `diagnostics`, if
/// the checkpoint does not fit.
std::unique_ptr<codegen::Safetensors> open_checkpoint(const CheckpointOptions& options, const std::vector<TensorRef>& wanted, bool whole,
                                                      Diagnostics& diagnostics);

/// The tensors that a network of this IR reads; nothing if the passes that know them report errors.
std::optional<std::vector<TensorRef>> tensors_of(const passes::AnyIr& ir, Diagnostics& diagnostics);
/// The tensors that these constants read.
std::vector<TensorRef> tensors_of(const std::vector<program::Constant>& constants);

}  // namespace resnetc::driver
