/// \file Traces: a folder with every kernel's output of one run as NAME.npy, NAME being the layer whose value it is, and trace.json with
/// their order. `run --trace` writes them, `compare` reads them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/runtime.h"
#include "support/failure.h"

namespace resnetc::driver {

/// Writes a trace while a network runs: for rn_set_observer. Arrays are f32, of shape [pictures, channels, height, width], or
/// [pictures, channels] where there is one pixel. An older trace's arrays in the folder are replaced; others stay, but trace.json does
/// not name them.
class TraceWriter {
 public:
  /// Makes the folder if it is not there; from then on it holds no complete trace, until finish(). Refuses to write over one of `inputs`.
  TraceWriter(std::string folder, int pictures, std::vector<std::string> inputs);

  static void observe(void* writer, const rn_observation* seen);
  /// Writes trace.json. Fails if anything could not be written, now or before.
  Result<> finish(const std::string& network, const std::string& target);
  size_t kernels() const { return files_.size(); }

 private:
  void append(const rn_observation& seen);

  std::string folder_;
  int pictures_;
  std::vector<std::string> inputs_;
  std::vector<std::string> files_;  ///< by kernel; empty until it is seen
  Result<> good_;                   ///< so far
};

/// The arrays of a folder.
struct Trace {
  std::vector<std::string> files;  ///< without the folder; NAME.npy
  bool ordered = false;            ///< as the kernels ran; else by name, as there is no trace.json
};
/// Any folder of .npy files will do: another program's values under the layers' names, for instance. What the files hold is
/// untrusted.
Result<Trace> open_trace(const std::string& folder);

}  // namespace resnetc::driver
