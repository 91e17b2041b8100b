/// \file From programs to the artefacts: NET.o -> libNET.so and libNET.a, NET.h, NET.weights, NET.json.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codegen/kernels.h"
#include "ir/program.h"
#include "support/diagnostics.h"

namespace resnetc::codegen {

struct LibraryOptions {
  std::string output_dir = ".";
  std::string name;                        ///< symbol prefix and file names; a C identifier
  const WeightSource* weights = nullptr;   ///< null: NET.weights is not written
  bool embed_weights = false;
  bool depends_on_values = false;          ///< the programs were rewritten for these weights and take no others
  bool shared = true, archive = true;
  KernelOptions kernels;
};

/// One program per target, best first; their constants must agree (they come from one graph). Writes every artefact through a temporary
/// file and a rename, so that a failure leaves what was there. Returns the paths written, or nothing and the reason in `why`.
std::optional<std::vector<std::string>> write_library(std::span<const program::Program> programs, const LibraryOptions& options,
                                                      std::string& why);

/// The manifest (NET.json; also the section `.resnetc` of the library): name, format versions, interface, targets, kernels with their
/// multiply-adds and operands, constants with recipes and places, hashes.
std::string manifest(std::span<const program::Program> programs, const LibraryOptions& options);
/// Reads the manifest out of a library's section `.resnetc` without loading it; untrusted.
std::optional<std::string> read_manifest(const std::string& library_path, Diagnostics& diagnostics);

/// The C header.
std::string header(const program::Program& program, const std::string& name);

/// Hash over all constants' recipes and places: what a weights file and a library must share.
uint64_t recipe_hash(const std::vector<program::Constant>& constants);

/// The bytes of a weights file: carries out every constant's recipe.
std::optional<std::string> pack_weights(const std::vector<program::Constant>& constants, const std::string& name,
                                        const WeightSource& source, std::string& why);

}  // namespace resnetc::codegen
