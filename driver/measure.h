/// \file Measures a library as a whole, kernel by kernel, and against this machine's peak, for bench and explain.
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
  int device = 0;       ///< number of the GPU, if there are several
  int batch = 1;
  int threads = 0;      ///< 0: one for each processor
  int runs = 0;         ///< exactly this many; 0: as many as take `seconds`, at least five
  double seconds = 2;   ///< for each series: one of whole runs and one of kernels
  bool layers = false;  ///< whether to measure each kernel too
  bool keep_denormals = false;
  bool copy_weights = false;
};

/// Times of whole runs.
struct Timing {
  double median_ms = 0, min_ms = 0, spread_percent = 0;  ///< the spread is from the 10th to the 90th percentile, over the median
  size_t runs = 0;
};

/// Times and memory before the first measured run.
struct Start {
  double create_ms = 0, first_run_ms = 0;
  uint64_t arena_bytes = 0;
  /// Growth of the process, from before the context was created until after its first run. The file of copied weights is no longer mapped
  /// then, so they count once.
  uint64_t grown_bytes = 0;
};

/// The machine's peak, measured together with the library.
struct MachinePeak {
  double gflops = 0;            ///< 0: not known, as for a GPU
  double memory_gbytes = 0;     ///< a second; measured only if kernels are
  bool weights_cached = false;  ///< whether all weights of the network stay in the last cache from run to run
};

struct Measurement {
  std::string target;  ///< the label of the program that ran
  int batch = 1;
  int threads = 0;
  bool generated_weights = false;  ///< there was no weights file
  bool copied_weights = false;     ///< the context had its own copy
  Start start;
  Timing timing;
  MachinePeak machine;
  std::vector<double> kernel_ms;  ///< medians, in the program's order; empty without MeasureOptions::layers
  double share_of_kernels = 0;    ///< of a run's time, the median over all runs; the rest passes between kernels
};

/// Fails if the library cannot run. Takes the seconds asked for and about one more.
Result<Measurement> measure(const LoadedLibrary& library, const std::string& path, const MeasureOptions& options);

/// GFLOP/s; a multiply-add is two operations.
double gflops(int64_t multiply_adds, int batch, double ms);

struct Roof {
  std::string name;  ///< "arithmetic" or "memory"
  double share = 0;  ///< reached share of the roof
};

/// The nearer roof: the arithmetic that the kernel really does, or the transfer of its weights, if they come from memory. A kernel without
/// arithmetic is measured by the tensors that it moves.
Roof roof_of(const program::KernelCost& cost, const MachinePeak& machine, int batch, double ms);

}  // namespace resnetc::driver
