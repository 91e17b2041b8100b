/// \file Compiles a network's topology to a loaded library in this process, for the exactness matrix and the random networks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codegen/kernels.h"
#include "ir/interpreter.h"
#include "ir/program.h"
#include "ir/topology.h"
#include "ir/tuning.h"
#include "ir/winograd.h"
#include "runtime/runtime.h"
#include "support/temp_dir.h"

namespace resnetc::exactness {

/// All targets that this machine can run and that serve the arithmetic, best first.
std::vector<const Target*> runnable_targets(Arithmetic arithmetic = Arithmetic::floats);

/// The network's programs, one for each target, best first. Empty after errors, which are in `diagnostics`. `graph` (may be null) receives
/// the graph before any graph pass, for the interpreter. No tile of Winograd's transforms is larger than `winograd_tile`; `tuned` (may be
/// null) gives schedules that are preferred, whatever the size of their weights. The others are chosen for `machine`. Weights have the type
/// `weights`; if that is not f32, `rounded` receives the graph with the rounded weights.
std::vector<program::Program> lower(const topology::Network& network, std::span<const Target* const> targets, Diagnostics& diagnostics,
                                    graph::Graph* graph = nullptr, int64_t winograd_tile = largest_winograd_tile,
                                    const program::Tuning* tuned = nullptr, const Machine& machine = default_machine(),
                                    ElementType weights = ElementType::f32, graph::Graph* rounded = nullptr);

/// A compiled network with generated or other weights, loaded.
class Library {
 public:
  /// Writes libNAME.so and its weights to `dir` and loads them.
  static Result<std::unique_ptr<Library>> make(std::span<const program::Program> programs, const std::string& name, const std::string& dir,
                                               const codegen::KernelOptions& kernels, const WeightSource& weights = GeneratedWeights());
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

 private:
  friend class Context;
  Library() = default;
  std::string name_;
  void* handle_ = nullptr;
  void* weights_ = nullptr;  ///< mapped
  size_t weights_bytes_ = 0;
  size_t input_bytes_ = 0;  ///< bytes of one picture
  std::vector<size_t> output_elements_;
};

/// A context of a library. Its pictures come from generated_input().
class Context {
 public:
  static Result<std::unique_ptr<Context>> make(const Library& library, const std::string& target, int32_t threads, int32_t max_batch);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// Runs a batch of pictures, each in the caller's format. Returns for each picture all its outputs, one after the other.
  Result<std::vector<std::vector<float>>> run(std::span<const std::vector<std::byte>> pictures);

 private:
  Context() = default;
  const Library* library_ = nullptr;
  rn_context* context_ = nullptr;
};

/// A picture in planar order converted to the format of the caller's buffer: floats do not change, and packed pixels are interleaved.
std::vector<std::byte> to_bytes(const Values& picture, const InputBuffer& buffer);

/// The largest difference divided by the largest reference value, or by `scale` if that is larger. Infinite if a value is not finite. If
/// both are zero, the largest difference.
double relative_difference(std::span<const float> result, std::span<const double> reference, double scale = 0);

}  // namespace resnetc::exactness
