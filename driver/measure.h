/// \file A library measured: as a whole, kernel by kernel, and beside what this machine can do at most. For bench and explain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "driver/loaded_library.h"

namespace resnetc::driver {

struct MeasureOptions {
  std::string weights;  ///< a weights file; empty: the one beside the library, or generated ones
  std::string target;   ///< empty: the best
  int device = 0;       ///< of several GPUs
  int batch = 1;
  int threads = 0;      ///< 0: one a processor
  int runs = 0;         ///< exactly so many; 0: for `seconds`, five at least
  double seconds = 2;   ///< of each series: of whole runs, and again of kernels
  bool layers = false;  ///< kernel by kernel, too
  bool keep_denormals = false;
};

/// Of whole runs.
struct Timing {
  double median_ms = 0, min_ms = 0, spread_percent = 0;  ///< the spread is from the 10th to the 90th percentile, over the median
  size_t runs = 0;
};

/// Before the first measured run.
struct Start {
  double create_ms = 0, first_run_ms = 0;
  uint64_t arena_bytes = 0;
  uint64_t grown_bytes = 0;  ///< of the process, from before the context was created until after its first run
};

/// What the machine can do, measured beside the library.
struct Machine {
  double gflops = 0;            ///< 0: not known, as of a GPU
  double memory_gbytes = 0;     ///< a second; measured where kernels are
  bool weights_cached = false;  ///< all weights of the network stay in the last cache from run to run
};

struct Measurement {
  std::string target;
  int batch = 1;
  int threads = 0;
  bool generated_weights = false;  ///< there was no weights file
  Start start;
  Timing timing;
  Machine machine;
  std::vector<double> kernel_ms;  ///< medians, in the program's order; empty unless asked for
  double share_of_kernels = 0;    ///< the median over all runs of what its kernels take of a run; the rest passes between them
};

/// Fails if the library cannot run. Takes the seconds asked for and about one more.
Result<Measurement> measure(const LoadedLibrary& library, const std::string& path, const MeasureOptions& options);

/// A multiply-add is two operations.
double gflops(int64_t multiply_adds, int batch, double ms);

struct Roof {
  std::string name;  ///< "arithmetic" or "memory"
  double share = 0;  ///< of the roof, reached
};

/// Which roof is nearer: arithmetic, as really done, or the way of the weights from memory, if they come from there. What does no
/// arithmetic moves tensors.
Roof roof_of(const program::KernelCost& cost, const Machine& machine, int batch, double ms);

}  // namespace resnetc::driver
