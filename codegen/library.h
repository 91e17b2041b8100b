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
  const WeightSource* weights = nullptr;  ///< null: NET.weights is written only if it needs no checkpoint
  bool embed_weights = false;
  bool keep_denormals = false;     ///< whether the packed weights keep denormal numbers
  bool depends_on_values = false;  ///< whether the programs were rewritten for these weights, and so take no others
  bool shared = true, archive = true;
  KernelOptions kernels;
  std::function<void(std::string)> warn;  ///< may be empty; receives a warning about packed weights that are not numbers
};

/// Whether a checkpoint is needed to pack these constants, because a recipe reads a tensor.
bool wants_checkpoint(const std::vector<program::Constant>& constants);
/// The source of weights when no checkpoint is needed.
class NoTensors final : public WeightSource {
 public:
  std::vector<double> read(const std::string&, const std::vector<int64_t>&) const override { return {}; }
};

/// Writes the library of the programs, best target first, each with its own label. Their constants must agree, because they come from one
/// graph. Writes all artefacts or none: after a failure, the old files are unchanged. Returns the paths of the files.
Result<std::vector<std::string>> write_library(std::span<const program::Program> programs, const LibraryOptions& options);

/// Whether there is a weights file at `path` that was packed for other programs than these.
bool has_other_weights(const std::string& path, std::span<const program::Program> programs);

/// The manifest (NET.json; also the section `.resnetc` of the library): name, format versions, interface, targets, kernels with their
/// multiply-adds and operands, constants with recipes and places, hashes.
std::string manifest(std::span<const program::Program> programs, const LibraryOptions& options);
/// Reads the manifest out of a library's section `.resnetc` without loading it; untrusted.
std::optional<std::string> read_manifest(const std::string& library_path, Diagnostics& diagnostics);

/// The content of a manifest, for `pack`, `run` and `bench`, which have only the library.
struct LibraryFacts {
  struct Port {
    std::string name;  ///< name in the network
    ElementType element = ElementType::f32;
    DimensionOrder order = DimensionOrder::planar;
    std::vector<int64_t> dims;  ///< in memory order, without the batch: {C, H, W}, {H, W, C} or {C}
    int64_t picture_bytes = 0;
    std::vector<double> mean, std;  ///< input: normalisation that the library does, one number for each channel; empty: 0 and 1
  };
  struct Kernel {
    std::string name, kind;  ///< as in the program's text form
    std::string algorithm;
    int64_t multiply_adds = 0;  ///< for one picture, as direct sums
    program::KernelCost cost;
    std::string schedule;  ///< as schedule_text() says; empty: an older version of resnetc made the library
  };
  struct Target {
    std::string name, halide;
    std::string machine;  ///< whose schedules the program has; empty: the default machine's, or a GPU's
    int64_t arena_bytes = 0;
    std::vector<Kernel> kernels;
    /// The known target with this name. Null if there is none, because another version of resnetc may have made the library.
    const resnetc::Target* known() const { return find_target(name); }
    /// The name that the library shows for it.
    std::string label() const { return machine.empty() ? name : name + ":" + machine; }
    bool on_gpu() const { return known() != nullptr && known()->on_gpu(); }
  };
  std::string name;  ///< the symbol prefix
  std::string network;
  Port input;
  std::vector<Port> outputs;
  std::vector<program::Constant> constants;
  std::vector<Target> targets;  ///< best first
  uint64_t recipe_hash = 0;
  uint64_t content_hash = 0;   ///< nonzero: the library takes only weights with this hash
  uint64_t weights_bytes = 0;  ///< bytes of the weights' data
  bool embedded = false;       ///< whether the weights are in the library
};
/// A schedule in a manifest: "direct vectors=2 pixels=14 rows=4 wide".
std::string schedule_text(const program::Schedule& schedule);
/// Reads a manifest of untrusted origin.
Result<LibraryFacts> parse_manifest(const std::string& json);

/// The C header. It has the parts that only a GPU needs if one of the programs is for a GPU.
std::string header(const program::Program& program, const std::string& name, bool gpu);

/// The hash of all constants' recipes and places. A weights file must have the same hash as its library.
uint64_t recipe_hash(const std::vector<program::Constant>& constants);

/// The bytes of a weights file: carries out every constant's recipe. Numbers that are denormal after rounding to float32 become zero,
/// unless `keep_denormals` is set.
Result<std::string> pack_weights(const std::vector<program::Constant>& constants, const std::string& name, const WeightSource& source,
                                 bool keep_denormals = false);

}  // namespace resnetc::codegen
