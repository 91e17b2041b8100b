/// \file How far a compiled network is from the float64 interpreter on generated pictures: what verify and compile's --max-error share.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "codegen/kernels.h"
#include "driver/loaded_library.h"
#include "driver/lowering.h"
#include "ir/interpreter.h"
#include "support/temp_dir.h"

namespace resnetc::driver {

/// The error of one value of a network, over the pictures compared.
class MeasuredError {
 public:
  double error = 0;    ///< largest difference over the largest reference value
  double largest = 0;  ///< of the reference
  bool finite = true;  ///< whether all reference values are

  /// Takes one picture into account: infinite where only one side is a number or the sizes differ, absolute where the reference is zero.
  /// `sizes` are those of its channels (driver/channel_sizes.h).
  void add(std::span<const float> got, const Values& expected, const std::vector<double>& sizes);

  /// The largest difference in a channel over that channel's size. A channel of fewer than 16 values says too little about its size: then
  /// 0. Nor does the rounding of numbers below 1e-30, of which kernels may keep none of seven digits, count.
  double by_channel() const;

 private:
  std::vector<double> sizes_, differences_;  ///< of each channel
  size_t values_ = 0;                        ///< of each channel
};

/// An error in messages and tables.
std::string error_text(double error);

/// Generated pictures (docs/exactness.md), as the interpreter takes them and as a library does.
struct Pictures {
  std::vector<Values> planar;
  std::string bytes;
};

/// interpret() of one of the pictures, with a line of progress.
std::vector<Values> interpret_picture(const graph::Graph& graph, const WeightSource& weights, const Pictures& pictures, size_t index,
                                      const std::function<void(const graph::Op&, const Values&)>& observe = {});

/// A network's library and packed weights, in a temporary folder for as long as this lives, and loaded.
class Trial {
 public:
  /// Null, and the reason in `why`, if it cannot be compiled or loaded.
  static std::unique_ptr<Trial> make(const Lowered& lowered, const std::string& name, const WeightSource& weights,
                                     codegen::KernelOptions kernels, std::string& why);
  /// Null, and the reason in `why`, when the library refuses.
  std::unique_ptr<Session> session(const std::string& target, int batch, int threads, std::string& why) const;
  Pictures pictures(int count) const;

 private:
  Trial() = default;
  TempDir folder_;
  std::unique_ptr<LoadedLibrary> library_;
  Weights weights_;
};

}  // namespace resnetc::driver
