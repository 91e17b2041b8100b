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
  std::string name;                       ///< symbol prefix and file names; a C identifier
  const WeightSource* weights = nullptr;  ///< null: NET.weights is only written if it needs no checkpoint
  bool embed_weights = false;
  bool keep_denormals = false;     ///< in the packed weights
  bool depends_on_values = false;  ///< the programs were rewritten for these weights and take no others
  bool shared = true, archive = true;
  KernelOptions kernels;
  std::function<void(std::string)> warn;  ///< may be empty; told of packed weights that are not numbers
};

/// Whether packing these constants takes a checkpoint: whether a recipe reads a tensor.
bool wants_checkpoint(const std::vector<program::Constant>& constants);
/// What is packed from where no checkpoint is wanted.
class NoTensors final : public WeightSource {
 public:
  std::vector<double> read(const std::string&, const std::vector<int64_t>&) const override { return {}; }
};

/// One program per target, best first; their constants must agree (they come from one graph). Writes all artefacts or none: a failure
/// leaves what was there. Returns the paths written.
Result<std::vector<std::string>> write_library(std::span<const program::Program> programs, const LibraryOptions& options);

/// Whether there is a weights file at `path` that was packed for something else than these programs.
bool has_other_weights(const std::string& path, std::span<const program::Program> programs);

/// The manifest (NET.json; also the section `.resnetc` of the library): name, format versions, interface, targets, kernels with their
/// multiply-adds and operands, constants with recipes and places, hashes.
std::string manifest(std::span<const program::Program> programs, const LibraryOptions& options);
/// Reads the manifest out of a library's section `.resnetc` without loading it; untrusted.
std::optional<std::string> read_manifest(const std::string& library_path, Diagnostics& diagnostics);

/// What a manifest says, for `pack`, `run` and `bench`, which have only the library.
struct LibraryFacts {
  struct Port {
    std::string name;  ///< as in the network
    ElementType element = ElementType::f32;
    DimensionOrder order = DimensionOrder::planar;
    std::vector<int64_t> dims;  ///< memory order, without the batch: {C, H, W}, {H, W, C} or {C}
    int64_t picture_bytes = 0;
    std::vector<double> mean, std;  ///< input: what normalisation the library does, a number a channel; empty: 0 and 1
  };
  struct Kernel {
    std::string name, kind;  ///< as in the program's text form
    std::string algorithm;
    int64_t multiply_adds = 0;  ///< for one picture, as direct sums
    program::KernelCost cost;
  };
  struct Target {
    std::string name, halide;
    int64_t arena_bytes = 0;
    std::vector<Kernel> kernels;
    /// Null if it is none of resnetc's: another version may have made the library.
    const resnetc::Target* known() const { return find_target(name); }
    bool on_gpu() const { return known() != nullptr && known()->on_gpu(); }
  };
  std::string name;  ///< the symbol prefix
  std::string network;
  Port input;
  std::vector<Port> outputs;
  std::vector<program::Constant> constants;
  std::vector<Target> targets;  ///< best first
  uint64_t recipe_hash = 0;
  uint64_t content_hash = 0;   ///< nonzero: takes only these weights
  uint64_t weights_bytes = 0;  ///< of the data
  bool embedded = false;       ///< the weights are in the library
};
/// Reads a manifest of untrusted origin.
Result<LibraryFacts> parse_manifest(const std::string& json);

/// The C header; with what is for a GPU alone if one of the programs is.
std::string header(const program::Program& program, const std::string& name, bool gpu);

/// Hash over all constants' recipes and places: what a weights file and a library must share.
uint64_t recipe_hash(const std::vector<program::Constant>& constants);

/// The bytes of a weights file: carries out every constant's recipe. What is denormal once it is rounded to float32 becomes zero, unless
/// `keep_denormals`.
Result<std::string> pack_weights(const std::vector<program::Constant>& constants, const std::string& name, const WeightSource& source,
                                 bool keep_denormals = false);

}  // namespace resnetc::codegen
