/// \file A network compiled for a trial, and the pictures of the trial: shared by verify, --max-error and --tune.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "codegen/kernels.h"
#include "driver/loaded_library.h"
#include "driver/lowering.h"
#include "ir/interpreter.h"
#include "support/temp_dir.h"

namespace resnetc::driver {

/// Generated pictures (docs/exactness.md), as values for the interpreter and as bytes for a library.
struct Pictures {
  std::vector<Values> planar;
  std::string bytes;
};

/// The same pictures, which a library's input holds one after the other in this form.
Pictures pictures_of(const InputBuffer& input, std::string bytes);

/// interpret() of one of the pictures, with a line of progress.
std::vector<Values> interpret_picture(const graph::Graph& graph, const WeightSource& weights, const Pictures& pictures, size_t index,
                                      const std::function<void(const graph::Op&, Values&)>& observe = {});

/// A network's loaded library and packed weights, in a temporary folder for as long as this object lives.
class Trial {
 public:
  /// Fails if it cannot be compiled or loaded.
  static Result<std::unique_ptr<Trial>> make(const Lowered& lowered, const std::string& name, const WeightSource& weights,
                                             codegen::KernelOptions kernels);
  /// Fails when the library refuses.
  Result<std::unique_ptr<Session>> session(const std::string& target, int batch, int threads, bool copy_weights = false) const;
  Pictures pictures(int count) const;

 private:
  Trial() = default;
  TempDir folder_;
  std::unique_ptr<LoadedLibrary> library_;
  Weights weights_;
};

}  // namespace resnetc::driver
