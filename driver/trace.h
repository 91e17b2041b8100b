/// \file Traces. A trace is a folder with every kernel's output of one run as NAME.npy, where NAME is the layer of the value, and with
/// their order in trace.json. `run --trace` writes traces, `compare` reads them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/common.h"
#include "runtime/runtime.h"
#include "support/failure.h"

namespace resnetc::driver {

/// Writes a trace while a network runs, as an observer. Arrays are f32, of shape [pictures, channels, height, width], of a network of lines
/// [pictures, channels, length], or [pictures, channels] if there is one pixel. Arrays of an older trace with the same names are replaced.
/// Others stay, but trace.json does not name them.
class TraceWriter {
 public:
  /// Makes the folder if it is missing. Until finish() the folder then holds no complete trace. Never overwrites one of `inputs`.
  TraceWriter(std::string folder, int pictures, bool lines, std::vector<std::string> inputs);

  static void observe(void* writer, const rn_observation* seen);
  /// Writes trace.json. Fails if anything could not be written, now or before.
  Result<> finish(const std::string& network, const std::string& target);
  size_t kernels() const { return files_.size(); }

 private:
  void append(const rn_observation& seen);

  std::string folder_;
  int pictures_;
  bool lines_;
  std::vector<std::string> inputs_;
  std::vector<std::string> files_;  ///< by kernel; empty until the kernel has run
  FileStems stems_;
  Result<> good_;  ///< so far
};

/// The arrays of a folder.
struct Trace {
  std::vector<std::string> files;  ///< without the folder; NAME.npy
  bool ordered = false;            ///< whether in the kernels' order; else by name, because there is no trace.json
};
/// Any folder of .npy files will do: another program's values under the layers' names, for instance. What the files hold is
/// untrusted.
Result<Trace> open_trace(const std::string& folder);

}  // namespace resnetc::driver
